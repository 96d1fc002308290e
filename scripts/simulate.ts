/**
 * The crash simulator, as far as asked:
 *
 *   npm run simulate -- --states N [--seed S] [--resume FILE] [--workers W]
 *   npm run simulate -- --mutations [--seed S] [--tasks N]
 *   npm run simulate -- --task T [--seed S]
 */

import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { explore } from './simulate/explore.ts';
import { replayTask } from './simulate/replay.ts';
import { tryMutations } from './simulate/try-mutations.ts';

const USAGE = 'give --states N, --mutations, or --task T; see the head of scripts/simulate.ts';
const MUTATION_TASKS_MAX = 800;

function count(given: string | undefined, name: string, byDefault: number): number {
  if (given === undefined) return byDefault;
  const value = Number(given);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`--${name} is a whole number, not ${given}`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      states: { type: 'string' },
      seed: { type: 'string' },
      resume: { type: 'string' },
      workers: { type: 'string' },
      tasks: { type: 'string' },
      task: { type: 'string' },
      mutations: { type: 'boolean', default: false },
    },
  });
  const seed = count(values.seed, 'seed', 1);
  const workers = Math.max(1, count(values.workers, 'workers', availableParallelism()));
  if (values.mutations) {
    return tryMutations(seed, workers, count(values.tasks, 'tasks', MUTATION_TASKS_MAX));
  }
  if (values.task !== undefined) return replayTask(seed, count(values.task, 'task', 0));
  if (values.states === undefined) throw new Error(USAGE);
  const states = count(values.states, 'states', 0);
  return explore({ states, seed, workers, resumeFile: values.resume });
}

try {
  process.exitCode = await main();
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : String(thrown));
  process.exitCode = 2;
}
