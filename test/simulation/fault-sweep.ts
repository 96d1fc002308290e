/**
 * Faults on the N-th operation of a live store: each answer is right or a typed refusal, and
 * after a crash all is there that was promised.
 */

import { toCheckFailure } from './check-failure.ts';
import { type CrashMode, crashImage } from './crash-image.ts';
import type { FailureReport } from './explorer.ts';
import { FAULT_KINDS, type FaultSpec } from './fault-plan.ts';
import type { Figures } from './figures.ts';
import { judge } from './observation.ts';
import { observeDisk } from './recovery-check.ts';
import { type RunResult, runWorkload } from './run-workload.ts';
import type { Workload } from './workload.ts';

const CRASHES: readonly CrashMode[] = ['drop', 'keep', 'reorder'];

/** Meets each kind of fault at every `stride`-th operation, from `first` on. */
export async function sweepFaults(
  workload: Workload,
  first: number,
  stride: number,
  figures: Figures,
): Promise<FailureReport | undefined> {
  for (const kind of FAULT_KINDS) {
    for (let operation = first; ; operation += stride) {
      const fault: FaultSpec = { kind, operation, times: 1 };
      const faulty = { ...workload, fault };
      let place = `${kind} at operation ${operation}`;
      try {
        const run = await runWorkload(faulty);
        if (run.fault?.hasStruck !== true) break;
        figures.faults += 1;
        place = `${place}, then a crash at the end`;
        await checkAfterwards(faulty, run);
      } catch (thrown) {
        const { check: name, message } = toCheckFailure(thrown, 'unexpected-error');
        return { workload: faulty, check: `${name}-after-fault`, message, place };
      }
    }
  }
  return undefined;
}

async function checkAfterwards(workload: Workload, run: RunResult): Promise<void> {
  const { recording, world, keys } = run;
  const last = recording.points.at(-1);
  if (last === undefined) return; // it was refused before it did anything
  const disk = world.fs.disk.snapshot();
  const point = { ...last, disk, tick: run.history.tick, nowMs: world.nowMs };
  const { powerCut, kill } = recording.expectationsAt(point);
  for (const mode of CRASHES) {
    const image = crashImage(disk, { mode, variant: 0 });
    const observation = await observeDisk({ workload, keys, image, nowMs: world.nowMs });
    judge(observation, mode === 'keep' ? kill : powerCut);
  }
}
