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
import type { CrashPoint } from './recording.ts';
import { observeDisk } from './recovery-check.ts';
import { type RunResult, runWorkload } from './run-workload.ts';
import type { Workload } from './workload.ts';

const CRASHES: readonly CrashMode[] = ['drop', 'keep', 'reorder'];
/** Moments between the fault and the end at which the process is killed, too. */
const POINTS_MAX = 4;

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
        place = `${place}, then a crash`;
        await checkAfterwards(faulty, run, operation);
      } catch (thrown) {
        const { check: name, message } = toCheckFailure(thrown, 'unexpected-error');
        return { workload: faulty, check: `${name}-after-fault`, message, place };
      }
    }
  }
  return undefined;
}

/** Crashes at the end, and at some moments since the fault. */
async function checkAfterwards(workload: Workload, run: RunResult, from: number): Promise<void> {
  const { recording, world } = run;
  const last = recording.points.at(-1);
  if (last === undefined) return; // it was refused before it did anything
  const disk = world.fs.disk.snapshot();
  const end = { ...last, disk, tick: run.history.tick, nowMs: world.nowMs };
  await checkCrashes(workload, run, end, CRASHES);
  const since = recording.points.filter(({ operation }) => operation >= from);
  const stride = Math.max(1, Math.ceil(since.length / POINTS_MAX));
  for (let at = 0; at < since.length; at += stride) {
    await checkCrashes(workload, run, since[at] as CrashPoint, ['keep']);
  }
}

async function checkCrashes(
  workload: Workload,
  run: RunResult,
  point: CrashPoint,
  modes: readonly CrashMode[],
): Promise<void> {
  const { powerCut, kill } = run.recording.expectationsAt(point);
  const { keys } = run;
  for (const mode of modes) {
    const image = crashImage(point.disk, { mode, variant: 0 });
    const observation = await observeDisk({ workload, keys, image, nowMs: point.nowMs });
    judge(observation, mode === 'keep' ? kill : powerCut);
  }
}
