/** Says what failed, where, and how to see it again; with the fewest steps that still fail. */

import type { CampaignFailure } from './campaign.ts';
import { Explorer, type FailureReport, SPARSE_LIMITS, STANDARD_LIMITS } from './explorer.ts';
import { runWorkload } from './run-workload.ts';
import type { TimedStep, Workload } from './workload.ts';

/** A shrunk case is looked for with as many states each time. */
const STATES_MAX = 1500;
const ATTEMPTS_MAX = 40;

/** Drops steps while the same check fails. */
export async function shrink(failure: FailureReport): Promise<FailureReport> {
  let least = failure;
  let attempts = 0;
  for (let at = least.workload.steps.length - 1; at >= 0; at -= 1) {
    attempts += 1;
    if (attempts > ATTEMPTS_MAX) break;
    const steps = least.workload.steps.toSpliced(at, 1);
    const again = await explore({ ...least.workload, steps });
    if (again?.check === failure.check) least = again;
  }
  return least;
}

async function explore(workload: Workload): Promise<FailureReport | undefined> {
  if (workload.fault !== undefined) return liveRun(workload);
  const sparse = new Explorer({ ...SPARSE_LIMITS, statesMax: STATES_MAX });
  const found = await sparse.explore(workload);
  if (found !== undefined) return found;
  return new Explorer({ ...STANDARD_LIMITS, statesMax: STATES_MAX }).explore(workload);
}

/** With a fault, the number of its operation moves as steps go: only the live run is tried. */
async function liveRun(workload: Workload): Promise<FailureReport | undefined> {
  try {
    await runWorkload(workload);
    return undefined;
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const check =
      thrown instanceof Error && 'check' in thrown ? `${String(thrown.check)}-after-fault` : '';
    return { workload, check, message, place: 'the live run' };
  }
}

export async function describeFailure(failure: CampaignFailure, seed: number): Promise<string> {
  const least = await shrink(failure);
  const { workload } = failure;
  const { durability, latency, preallocateBytes, mergesByItself, mergeInputBytes } = workload;
  return [
    `check ${failure.check} failed: ${failure.message}`,
    `  seed ${seed}, task ${failure.task}: ${workload.name} (workload seed ${workload.seed})`,
    `  ${durability}, latency ${latency}, preallocation ${preallocateBytes}, ` +
      `merges ${mergesByItself ? `by itself, ${mergeInputBytes} bytes` : 'by hand'}`,
    `  crash: ${failure.place}`,
    `  again: npm run simulate -- --seed ${seed} --task ${failure.task}`,
    `  shrunk to ${least.workload.steps.length} of ${workload.steps.length} steps, ${least.place}:`,
    ...least.workload.steps.map((step) => `    ${describeStep(step)}`),
    `  ${least.message.split('\n')[0]}`,
  ].join('\n');
}

function describeStep({ isPipelined, ...step }: TimedStep): string {
  const { op, ...rest } = step;
  return `${op} ${JSON.stringify(rest)}${isPipelined ? ' (not awaited)' : ''}`;
}
