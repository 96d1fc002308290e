/** Opens a store on the disk that a crash left, and checks all that must hold of it. */

import { check, toCheckFailure } from './check-failure.ts';
import type { CrashMode } from './crash-image.ts';
import { Driver } from './driver.ts';
import { type Expectation, History } from './history.ts';
import { FAST } from './latency.ts';
import { judge, type Observation, stateOf } from './observation.ts';
import { type Expectations, Recording } from './recording.ts';
import { storeOptionsOf } from './run-workload.ts';
import type { DiskSnapshot } from './simulated-disk.ts';
import { SYNC_INTERVAL_MS, type TimedStep, type Workload } from './workload.ts';
import { World } from './world.ts';

/** The machine is down for so long. */
export const DOWN_MS = 1000;

export interface RecoveryOptions {
  readonly workload: Workload;
  readonly keys: readonly string[];
  readonly image: DiskSnapshot;
  readonly mode: CrashMode;
  readonly nowMs: number;
  readonly expectations: Expectations;
  /** After the recovery: write more, close, open again, compare. */
  readonly goesOn: boolean;
  /** Its crash points are asked for: without, there are none in its recording. */
  readonly isRecorded: boolean;
}

export interface Recovered {
  readonly observation: Observation;
  /** The crash points of the recovery and of what came after it. */
  readonly recording: Recording;
  readonly keys: readonly string[];
}

const MORE: readonly TimedStep[] = [
  { op: 'put', key: 'a', bytes: 90, isPipelined: true },
  { op: 'delete', key: 'b', isPipelined: true },
  {
    op: 'batch',
    items: [{ key: 'c', bytes: 60 }, { key: 'a' }, { key: 'key-1', bytes: 80 }],
    isPipelined: false,
  },
];

/** @throws CheckFailure */
export async function checkRecovery(options: RecoveryOptions): Promise<Recovered> {
  const { workload, image, mode, expectations, nowMs, isRecorded } = options;
  const expectation = mode === 'keep' ? expectations.kill : expectations.powerCut;
  // After a kill the page cache is still there, and may yet be lost; after a power cut all that
  // is there is on the disk.
  const { powerCut } = expectations;
  const recording = new Recording({ powerCut, kill: expectation });
  const world: World = new World({
    disk: image,
    latency: FAST,
    store: storeOptionsOf(workload),
    startMs: Math.ceil(nowMs) + DOWN_MS,
    onChange: (change) => {
      if (isRecorded) recording.note(change, world);
    },
    beforeChange: () => recording.endPoint(world.nowMs),
  });
  try {
    await world.open();
  } catch (thrown) {
    throw toCheckFailure(thrown, 'open-failed');
  }
  const observation = await world.observe(options.keys);
  judge(observation, expectation);
  await world.checkHouse(observation);
  const revisionFloor = revisionFloorOf(observation, expectation);
  const history = new History(
    workload.durability,
    SYNC_INTERVAL_MS,
    stateOf(observation),
    expectation.attemptEnd,
    revisionFloor,
  );
  recording.begin(history);
  const driver = new Driver(world, history, { revisionFloor, mayFail: false, isTight: false });
  if (options.goesOn) {
    await driver.run(MORE);
    await driver.checkState();
    await driver.finish();
    await world.open();
    await driver.checkState();
    await world.checkHouse(await world.observe(driver.keys));
  }
  recording.endPoint(world.nowMs);
  return { observation, recording, keys: driver.keys };
}

function revisionFloorOf(observation: Observation, expectation: Expectation): number {
  let floor = expectation.revisionMax;
  for (const { revision } of observation.entries.values()) floor = Math.max(floor, revision);
  return floor;
}

/** Opens a disk as it is and tells what it holds. */
export async function observeDisk(
  options: Pick<RecoveryOptions, 'workload' | 'keys' | 'image' | 'nowMs'>,
): Promise<Observation> {
  const { workload, image, nowMs, keys } = options;
  const world = new World({
    disk: image,
    latency: FAST,
    store: storeOptionsOf(workload),
    startMs: Math.ceil(nowMs) + DOWN_MS,
  });
  try {
    await world.open();
    return await world.observe(keys);
  } catch (thrown) {
    throw toCheckFailure(thrown, 'open-failed');
  }
}

/** @throws CheckFailure when the two differ */
export function checkSame(first: Observation, second: Observation, name: string): void {
  const keys = new Set([...first.entries.keys(), ...second.entries.keys()]);
  for (const key of keys) {
    const a = first.entries.get(key);
    const b = second.entries.get(key);
    const isExpiring = (a ?? b)?.expiresAt !== undefined;
    if (isExpiring && (a === undefined || b === undefined)) continue;
    const isSame = JSON.stringify(a) === JSON.stringify(b);
    check(isSame, name, () => `${key}: ${JSON.stringify(a)} and ${JSON.stringify(b)}`);
  }
}
