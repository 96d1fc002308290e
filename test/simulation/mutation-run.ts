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

/** Tasks in order until one fails, `tasksMax` of them at most. */
export async function runMutation(
  mutation: Mutation,
  seed: number,
  limits: ExploreLimits,
  tasksMax: number,
): Promise<MutationResult> {
  const { name } = mutation;
  const worker = await WorkerProcess.start({ seed, limits, mutation });
  let states = 0;
  try {
    for (let task = 0; task < tasksMax; task += 1) {
      const { failure, digests } = await worker.run(task);
      states += digests.length;
      if (failure === undefined) continue;
      const { check: caughtBy, place, message } = failure;
      return { name, caughtBy, place, message, states, tasks: task + 1 };
    }
    return { name, caughtBy: undefined, place: '', message: '', states, tasks: tasksMax };
  } finally {
    worker.stop();
  }
}

/** All mutations, so many at a time; tells of each as it ends. */
export async function runMutations(
  mutations: readonly Mutation[],
  options: {
    readonly seed: number;
    readonly limits: ExploreLimits;
    readonly tasksMax: number;
    readonly workers: number;
    readonly onResult: (result: MutationResult) => void;
  },
): Promise<MutationResult[]> {
  const results: MutationResult[] = [];
  const queue = [...mutations];
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const result = await runMutation(next, options.seed, options.limits, options.tasksMax);
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
  return `caught ${name} by ${caughtBy} after ${states} states`;
}
