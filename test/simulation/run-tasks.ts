/** Runs standard tasks one after the other, and tells what came of each. */

import { type ExploreLimits, Explorer, type FailureReport } from './explorer.ts';
import { sweepFaults } from './fault-sweep.ts';
import { standardTask } from './standard-workloads.ts';

export interface TaskResult {
  readonly index: number;
  readonly failure: FailureReport | undefined;
  /** Distinct images of this task, and for each its cell in the figures. */
  readonly digests: Float64Array;
  readonly cells: Uint8Array;
  readonly recoveries: number;
  readonly faults: number;
}

/** A rejection that nobody handles is a bug of the engine. */
let unhandled: unknown;
process.on('unhandledRejection', (thrown) => {
  unhandled ??= thrown;
});

export async function runTask(
  seed: number,
  index: number,
  limits: ExploreLimits,
): Promise<TaskResult> {
  const task = standardTask(seed, index);
  const explorer = new Explorer(limits);
  unhandled = undefined;
  let failure =
    task.kind === 'crash'
      ? await explorer.explore(task.workload)
      : await sweepFaults(task.workload, task.first, task.stride, explorer.figures);
  if (failure === undefined && unhandled !== undefined) {
    const message = unhandled instanceof Error ? (unhandled.stack ?? '') : String(unhandled);
    const { workload } = task;
    failure = { workload, check: 'unhandled-rejection', message, place: 'somewhere' };
  }
  const { recoveries, faults } = explorer.figures;
  return { index, failure, ...explorer.visited(), recoveries, faults };
}
