/**
 * What a disk holds after a crash: from a snapshot and a plan that says which of the pending
 * operations made it.
 *
 * - drop: none of them
 * - keep: all of them; the process died and the machine did not
 * - tear: all up to one of the last, that one cut at a byte, 512 or 4096; nothing after it
 * - reorder: any subset of pages and directory operations, each by itself
 */

import { withMoves } from './directory-moves.ts';
import { SeededRandom } from './seeded-random.ts';
import {
  applyEntryOperations,
  applyOperations,
  type DirectorySnapshot,
  type DiskSnapshot,
  type FileOperation,
  type FileSnapshot,
  type WriteOperation,
} from './simulated-disk.ts';

export type CrashMode = 'drop' | 'keep' | 'tear' | 'reorder';
export const CRASH_MODES: readonly CrashMode[] = ['drop', 'keep', 'tear', 'reorder'];

export interface CrashPlan {
  readonly mode: CrashMode;
  /** For `tear` and `reorder`: which of the many outcomes. */
  readonly variant: number;
}

/** What fills the part of a torn write that is missing. */
type Filling = 'absent' | 'zeros' | 'garbage';

const CUT_UNITS = [1, 512, 4096] as const;
const PAGE_UNITS = [512, 4096] as const;
const FILLINGS: readonly Filling[] = ['absent', 'zeros', 'garbage'];
/** A torn operation is one of this many last ones. */
const TORN_AMONG = 3;

/** The disk after the crash; everything in it is durable, but in mode `keep`. */
export function crashImage(snapshot: DiskSnapshot, plan: CrashPlan): DiskSnapshot {
  // A killed process leaves the page cache as it is: what is pending may still be lost later.
  if (plan.mode === 'keep') return snapshot;
  if (plan.mode === 'drop') return imageOf(snapshot, NOTHING);
  const random = new SeededRandom(snapshot.lastNumber, plan.variant, plan.mode === 'tear' ? 1 : 2);
  if (plan.mode === 'tear') return imageOf(snapshot, tearing(snapshot, random));
  return imageOf(snapshot, reordering(random));
}

/** Decides what becomes of each pending operation. */
interface Survival {
  file(operation: FileOperation): readonly FileOperation[];
  entry(number: number): boolean;
}

const NOTHING: Survival = { file: () => [], entry: () => false };

function tearing(snapshot: DiskSnapshot, random: SeededRandom): Survival {
  const numbers = pendingNumbers(snapshot);
  const torn = numbers[Math.max(0, numbers.length - 1 - random.below(TORN_AMONG))] ?? 0;
  const unit = random.pick(CUT_UNITS);
  const filling = random.pick(FILLINGS);
  return {
    file: (operation) => {
      if (operation.number < torn) return [operation];
      if (operation.number > torn || operation.kind === 'truncate') return [];
      return cut(operation, unit, filling, random);
    },
    entry: (number) => number < torn || (number === torn && random.chance(0.5)),
  };
}

/** A prefix of the write, and what stands in for the rest. */
function cut(
  operation: WriteOperation,
  unit: number,
  filling: Filling,
  random: SeededRandom,
): FileOperation[] {
  const { bytes, offset } = operation;
  // A page boundary of the file, not of the write.
  const end = Math.floor((offset + random.below(bytes.length + 1)) / unit) * unit;
  const length = Math.min(bytes.length, Math.max(0, end - offset));
  const kept = bytes.subarray(0, length);
  if (filling === 'absent') return length === 0 ? [] : [{ ...operation, bytes: kept }];
  const filled = filling === 'zeros' ? new Uint8Array(bytes.length) : random.bytes(bytes.length);
  filled.set(kept);
  return [{ ...operation, bytes: filled }];
}

function reordering(random: SeededRandom): Survival {
  const unit = random.pick(PAGE_UNITS);
  const share = random.pick([0.25, 0.5, 0.75]);
  return {
    file: (operation) => {
      if (operation.kind === 'truncate') return random.chance(share) ? [operation] : [];
      return pages(operation, unit).filter(() => random.chance(share));
    },
    entry: () => random.chance(share),
  };
}

function pages(operation: WriteOperation, unit: number): WriteOperation[] {
  const { bytes, offset } = operation;
  const pieces: WriteOperation[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = Math.min(bytes.length, (Math.floor((offset + at) / unit) + 1) * unit - offset);
    pieces.push({ ...operation, offset: offset + at, bytes: bytes.subarray(at, end) });
    at = end;
  }
  return pieces;
}

/** The numbers of all pending operations, ascending. */
function pendingNumbers(snapshot: DiskSnapshot): number[] {
  const numbers: number[] = [];
  for (const { pending } of snapshot.files.values()) {
    for (const { number, isLost } of pending) if (!isLost) numbers.push(number);
  }
  for (const { pending } of snapshot.directories.values()) {
    for (const { number } of pending) numbers.push(number);
  }
  for (const { number } of snapshot.moves) numbers.push(number);
  return numbers.sort((a, b) => a - b);
}

/** How many operations are pending: with none, all modes but `keep` give one image. */
export function pendingCount(snapshot: DiskSnapshot): number {
  return pendingNumbers(snapshot).length;
}

function imageOf(snapshot: DiskSnapshot, survival: Survival): DiskSnapshot {
  const directories = new Map<string, DirectorySnapshot>();
  const reachable = new Set<number>();
  // A directory that was never made durable is gone under whatever name it has.
  const made = new Map(
    [...snapshot.directories].filter(
      ([path]) => !snapshot.unsyncedDirectories.has(path) || survival.entry(0),
    ),
  );
  const survives = (number: number): boolean => survival.entry(number);
  for (const [path, { durable, pending }] of withMoves(made, snapshot.moves, survives)) {
    const survivors = pending.filter(({ number }) => survival.entry(number));
    const entries = applyEntryOperations(durable, survivors);
    directories.set(path, { durable: entries, pending: [] });
    for (const id of entries.values()) reachable.add(id);
  }
  const files = new Map<number, FileSnapshot>();
  for (const [id, { durable, pending }] of snapshot.files) {
    if (!reachable.has(id)) continue;
    const survivors = pending.filter(({ isLost }) => !isLost).flatMap((one) => survival.file(one));
    files.set(id, { id, durable: applyOperations(durable, survivors), pending: [] });
  }
  const { lastNumber } = snapshot;
  return { files, directories, unsyncedDirectories: new Set(), moves: [], lastNumber };
}
