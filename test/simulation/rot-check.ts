/**
 * Bit rot: bytes change below what was proven durable. What lies elsewhere stays as it was; what
 * was hit is reported, never served and never silently gone.
 */

import { CaskError } from '../../src/errors/cask-error.ts';
import { DECODE_OK, decodeRecordHead, RecordView } from '../../src/storage/format/record.ts';
import {
  decodeSegmentHeader,
  SEGMENT_HEADER_BYTES,
} from '../../src/storage/format/segment-header.ts';
import { CheckFailure, check, toCheckFailure } from './check-failure.ts';
import { identifyValue } from './described-value.ts';
import { FAST } from './latency.ts';
import type { Observation, ObservedEntry } from './observation.ts';
import { DOWN_MS, type RecoveryOptions } from './recovery-check.ts';
import { storeOptionsOf } from './run-workload.ts';
import { SeededRandom } from './seeded-random.ts';
import { applyEntryOperations, applyOperations, type DiskSnapshot } from './simulated-disk.ts';
import { World } from './world.ts';

const DIRECTORY = '/data';
const ROT_BYTES_MAX = 40;

interface Rot {
  readonly file: number;
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** The keys whose records were hit. */
  readonly keys: ReadonlySet<string>;
}

/** @throws CheckFailure */
export async function checkRot(
  options: Pick<RecoveryOptions, 'workload' | 'image' | 'nowMs'>,
  before: Observation,
  choice: number,
): Promise<boolean> {
  const random = new SeededRandom(choice, 9);
  const rot = chooseRot(options.image, random);
  if (rot === undefined) return false;
  const world = new World({
    disk: rotten(options.image, rot, random),
    latency: FAST,
    store: storeOptionsOf(options.workload),
    startMs: Math.ceil(options.nowMs) + DOWN_MS,
  });
  try {
    await world.open();
    await compare(world, before, rot);
  } catch (thrown) {
    const { check: name, message } = toCheckFailure(thrown, 'open-failed');
    const where = `${rot.end - rot.start} bytes of ${rot.name} changed at ${rot.start}`;
    throw new CheckFailure(`${name}-after-rot`, `${where}: ${message}`, thrown);
  }
  return true;
}

async function compare(world: World, before: Observation, rot: Rot): Promise<void> {
  let hasChanged = false;
  for (const [key, entry] of before.entries) {
    const isTimed = entry.expiresAt !== undefined;
    if (await isAsBefore(world, key, entry)) continue;
    check(rot.keys.has(key) || isTimed, 'neighbour-lost', () => `${key} was not hit`);
    hasChanged ||= !isTimed;
  }
  if (!hasChanged) return;
  const { degraded, damage, reads } = world.store.stats();
  const isReported = degraded || damage.length > 0 || reads.corrupt > 0;
  check(isReported, 'silent-damage', () => 'something is gone and nothing is reported');
}

/** False when the entry is another one, gone, or said to be corrupt. */
async function isAsBefore(world: World, key: string, entry: ObservedEntry): Promise<boolean> {
  try {
    const found = await world.run(world.store.getEntry(key));
    if (found === undefined) return false;
    const value = identifyValue(found.value);
    check(value !== undefined, 'invented-value', () => `${key} holds what nobody wrote`);
    return value?.attempt === entry.attempt && value.item === entry.item;
  } catch (thrown) {
    if (thrown instanceof CaskError && thrown.code === 'CORRUPT') return false;
    throw thrown;
  }
}

interface Record {
  readonly start: number;
  readonly end: number;
  readonly key: string;
  readonly provenOffset: number;
}

/** A stretch of a segment that is durable for certain. */
function chooseRot(image: DiskSnapshot, random: SeededRandom): Rot | undefined {
  const directory = image.directories.get(DIRECTORY);
  if (directory === undefined) return undefined;
  const entries = applyEntryOperations(directory.durable, directory.pending);
  const names = [...entries.keys()].filter((name) => /\.(log|merged)$/.test(name)).sort();
  if (names.length === 0) return undefined;
  const name = random.pick(names);
  const file = entries.get(name) as number;
  const snapshot = image.files.get(file);
  if (snapshot === undefined) return undefined;
  const bytes = applyOperations(snapshot.durable, snapshot.pending);
  const records = recordsOf(bytes);
  // Without a later record that says so, it may be a torn tail: that is for other checks.
  const proven = records.reduce((most, { provenOffset }) => Math.max(most, provenOffset), 0);
  const limit = Math.min(proven, bytes.length);
  if (limit <= SEGMENT_HEADER_BYTES) return undefined;
  const start = random.between(SEGMENT_HEADER_BYTES, limit - 1);
  const end = Math.min(limit, start + random.between(1, ROT_BYTES_MAX));
  const hit = records.filter((record) => record.start < end && record.end > start);
  return { file, name, start, end, keys: new Set(hit.map(({ key }) => key)) };
}

function recordsOf(bytes: Uint8Array): Record[] {
  const records: Record[] = [];
  const view = new RecordView();
  let salt: number;
  try {
    salt = decodeSegmentHeader(bytes.subarray(0, SEGMENT_HEADER_BYTES))?.salt ?? 0;
  } catch {
    return records;
  }
  for (let at = SEGMENT_HEADER_BYTES; at < bytes.length; at += view.recordBytes) {
    if (decodeRecordHead(bytes, at, bytes.length, salt, at, view) !== DECODE_OK) break;
    const key = Buffer.from(bytes.subarray(view.keyStart, view.valueStart)).toString('latin1');
    const { provenOffset, recordBytes } = view;
    records.push({ start: at, end: at + recordBytes, key, provenOffset });
  }
  return records;
}

function rotten(image: DiskSnapshot, rot: Rot, random: SeededRandom): DiskSnapshot {
  const snapshot = image.files.get(rot.file);
  if (snapshot === undefined) return image;
  const durable = applyOperations(snapshot.durable, snapshot.pending).slice();
  const isZeroed = random.chance(0.3);
  for (let at = rot.start; at < rot.end; at += 1) {
    durable[at] = isZeroed ? 0 : (durable[at] as number) ^ (1 << random.below(8));
  }
  const files = new Map(image.files);
  files.set(rot.file, { id: rot.file, durable, pending: [] });
  return { ...image, files };
}
