/** Runs the standard tasks over mutated engines: does a check bite? */

import type { ExploreLimits } from './explorer.ts';
import type { Mutation } from './mutation.ts';
import { WorkerProcess } from './worker-process.ts';

export interface MutationResult {
  readonly name: string;
  /** The check that failed; undefined: the mutation survived. */
  readonly caughtBy: string | undefined;
  readonly place: string;
  readonly message: string;
  /** Distinct states that were visited until then. */
  readonly states: number;
  readonly tasks: number;
}

export interface MutationRunOptions {
  readonly seed: number;
  readonly limits: ExploreLimits;
  /** So many tasks at most, in order, until one fails. */
  readonly tasksMax: number;
  /** First those that noticed the mutation before. */
  readonly startsWithKnown: boolean;
}

export async function runMutation(
  mutation: Mutation,
  options: MutationRunOptions,
): Promise<MutationResult> {
  const { name } = mutation;
  const { seed, limits } = options;
  const worker = await WorkerProcess.start({ seed, limits, mutation });
  let states = 0;
  let tasks = 0;
  try {
    for (const task of tasksFor(mutation, options)) {
      const { failure, digests } = await worker.run(task);
      states += digests.length;
      tasks += 1;
      if (failure === undefined) continue;
      const { check: caughtBy, place, message } = failure;
      return { name, caughtBy, place, message, states, tasks };
    }
    return { name, caughtBy: undefined, place: '', message: '', states, tasks };
  } finally {
    worker.stop();
  }
}

function* tasksFor({ knownTasks = [] }: Mutation, options: MutationRunOptions): Iterable<number> {
  if (options.startsWithKnown) yield* knownTasks;
  for (let task = 0; task < options.tasksMax; task += 1) yield task;
}

/** All mutations, so many at a time; tells of each as it ends. */
export async function runMutations(
  mutations: readonly Mutation[],
  options: MutationRunOptions & {
    readonly workers: number;
    readonly onResult: (result: MutationResult) => void;
  },
): Promise<MutationResult[]> {
  const results: MutationResult[] = [];
  const queue = [...mutations];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const result = await runMutation(next, options);
      results.push(result);
      options.onResult(result);
    }
  };
  await Promise.all(Array.from({ length: options.workers }, work));
  return results;
}

export function describeResult(result: MutationResult): string {
  const { name, caughtBy, states, tasks } = result;
  if (caughtBy === undefined) return `SURVIVED ${name}: ${states} states of ${tasks} tasks`;
  return `caught ${name} by ${caughtBy} after ${states} states of ${tasks} tasks`;
}
