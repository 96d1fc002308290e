/**
 * A fault while a store recovers: it opens and is right, or refuses loudly; and the next
 * recovery, after one more crash, finds all that was promised.
 */

import { CheckFailure, toCheckFailure } from './check-failure.ts';
import { crashImage } from './crash-image.ts';
import { isTyped } from './driver.ts';
import { type FaultKind, FaultPlan, type FaultSpec } from './fault-plan.ts';
import { FAST } from './latency.ts';
import { judge, type Observation, stateOf } from './observation.ts';
import type { Expectations } from './recording.ts';
import { DOWN_MS, observeDisk, type RecoveryOptions } from './recovery-check.ts';
import { storeOptionsOf } from './run-workload.ts';
import { World } from './world.ts';

/**
 * Not those that lie about what is read: the last group before a crash is proven by nothing else
 * than its own checksum.
 */
const KINDS: readonly FaultKind[] = ['eio', 'enospc', 'emfile', 'short-write', 'failed-sync'];
/** A recovery takes about as many operations. */
const OPERATIONS = 70;

/** One of all the faults that a recovery may meet. */
export function recoveryFault(choice: number): FaultSpec {
  const kind = KINDS[choice % KINDS.length] as FaultKind;
  return { kind, operation: 1 + (Math.floor(choice / KINDS.length) % OPERATIONS), times: 1 };
}

/** @throws CheckFailure */
export async function checkFaultyRecovery(
  options: RecoveryOptions,
  fault: FaultSpec,
): Promise<void> {
  const { workload, image, nowMs, keys } = options;
  const plan = new FaultPlan(fault);
  const world = new World({
    disk: image,
    latency: FAST,
    store: storeOptionsOf(workload),
    startMs: Math.ceil(nowMs) + DOWN_MS,
    faults: plan,
  });
  const found = await openAndObserve(world, keys, fault);
  if (!plan.hasStruck) return;
  const disk = world.fs.disk.snapshot();
  const expectations = found === undefined ? options.expectations : expectationsOf(found, options);
  for (const mode of ['drop', 'keep'] as const) {
    const again = { workload, keys, image: crashImage(disk, { mode, variant: 0 }) };
    const isKill = mode === 'keep' && options.mode === 'keep';
    try {
      const observation = await observeDisk({ ...again, nowMs: world.nowMs });
      judge(observation, isKill ? expectations.kill : expectations.powerCut);
    } catch (thrown) {
      throw named(thrown, fault, `and ${mode}`);
    }
  }
}

/** What the store holds; undefined when it refused. */
async function openAndObserve(
  world: World,
  keys: readonly string[],
  fault: FaultSpec,
): Promise<Observation | undefined> {
  try {
    await world.open();
    return await world.observe(keys);
  } catch (thrown) {
    if (isTyped(thrown)) return undefined;
    throw named(thrown, fault, 'and open');
  }
}

/** What was served is durable. */
function expectationsOf(found: Observation, options: RecoveryOptions): Expectations {
  const { powerCut } = options.expectations;
  const served = { ...powerCut, candidates: [stateOf(found)], describe: 'it was served' };
  return { powerCut: served, kill: served };
}

function named(thrown: unknown, fault: FaultSpec, what: string): CheckFailure {
  const { check, message } = toCheckFailure(thrown, 'untyped-error');
  const where = `recovery with ${fault.kind} at operation ${fault.operation} ${what}`;
  return new CheckFailure(`${check}-after-fault`, `${where}: ${message}`, thrown);
}
