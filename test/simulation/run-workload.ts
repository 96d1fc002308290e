/** One run of a workload on a fresh disk, recorded. */

import { toCheckFailure } from './check-failure.ts';
import { Driver, type TakenBackup } from './driver.ts';
import { FaultPlan } from './fault-plan.ts';
import { type Expectation, History } from './history.ts';
import { FAST, type Latency, randomLatency, SLOW } from './latency.ts';
import { Recording } from './recording.ts';
import { SeededRandom } from './seeded-random.ts';
import { EMPTY_DISK } from './simulated-disk.ts';
import { SEGMENT_BYTES, SYNC_INTERVAL_MS, type Workload } from './workload.ts';
import { World, type WorldOptions } from './world.ts';

/** What a merge keeps in reserve (8 KiB), and room to copy one segment that is mostly dead. */
const TIGHT_BYTES = 8 * 1024 + 1300;

const NOTHING: Expectation = {
  candidates: [new Map()],
  revisionMax: 0,
  attemptEnd: 0,
  describe: 'nothing was written yet',
};

export function storeOptionsOf(workload: Workload): WorldOptions['store'] {
  const { durability, preallocateBytes, mergesByItself, mergeInputBytes, ballastBytes, seed } =
    workload;
  return {
    durability,
    preallocateBytes,
    ballastBytes,
    syncIntervalMs: SYNC_INTERVAL_MS,
    segmentBytes: SEGMENT_BYTES,
    cacheBytes: seed % 3 === 0 ? 64 * 1024 : 0,
    maxOpenSegments: seed % 2 === 0 ? 4 : 256,
    maxReadsInFlight: 2,
    maxKeydirBytes: 64 << 20,
    merge: {
      automatic: mergesByItself,
      checkIntervalMs: 100,
      triggerDeadRatio: [0.2, 0.4, 0.6][seed % 3] ?? 0.4,
      thresholdDeadRatio: 0.2,
      smallSegmentBytes: 1024,
      smallSegmentCount: 4,
      inputBytesMax: mergeInputBytes,
    },
  };
}

export function latencyOf(workload: Workload): Latency {
  if (workload.latency === 'fast') return FAST;
  if (workload.latency === 'slow') return SLOW;
  return randomLatency(new SeededRandom(workload.seed, 5));
}

export interface RunResult {
  readonly recording: Recording;
  readonly history: History;
  readonly keys: readonly string[];
  readonly backups: readonly TakenBackup[];
  readonly world: World;
  readonly fault: FaultPlan | undefined;
}

/** @throws CheckFailure when the live store answers wrongly */
export async function runWorkload(
  workload: Workload,
  onOperation?: WorldOptions['onOperation'],
): Promise<RunResult> {
  const recording = new Recording({ powerCut: NOTHING, kill: NOTHING });
  const { fault } = workload;
  const faults = fault === undefined ? undefined : new FaultPlan(fault);
  const world: World = new World({
    disk: EMPTY_DISK,
    latency: latencyOf(workload),
    store: storeOptionsOf(workload),
    startMs: 0,
    freeBytes: workload.isTight ? TIGHT_BYTES : undefined,
    faults,
    onChange: (change) => recording.note(change, world),
    beforeChange: () => recording.endPoint(world.nowMs),
    ...(onOperation === undefined ? {} : { onOperation }),
  });
  const history = new History(workload.durability, SYNC_INTERVAL_MS, new Map(), 0, 0);
  const driver = new Driver(world, history, {
    revisionFloor: 0,
    mayFail: faults !== undefined,
    isTight: workload.isTight,
  });
  try {
    await world.open();
  } catch (thrown) {
    if (faults === undefined) throw toCheckFailure(thrown, 'open-failed');
    return { recording, history, keys: [], backups: [], world, fault: faults };
  }
  recording.begin(history);
  await driver.run(workload.steps);
  if (!driver.hasFailed) {
    if (faults === undefined) {
      const observation = await world.observe(driver.keys);
      await world.checkHouse(observation);
    }
    await driver.finish();
  }
  recording.endPoint(world.nowMs);
  const { keys, backups } = driver;
  return { recording, history, keys, backups, world, fault: faults };
}
