/**
 * Walks a segment from its first record to an end, past whatever is damaged: every record with
 * its value verified, every stretch in between that holds none. Memory: 2 MiB, or the largest
 * record.
 */

import { CaskError } from '../../errors/cask-error.ts';
import type { FileHandle } from '../disk/file-system.ts';
import { verifyRecordValue } from '../format/record.ts';
import { SEGMENT_HEADER_BYTES } from '../format/segment-header.ts';
import {
  SegmentScanner,
  STEP_END,
  STEP_MORE,
  STEP_RECORD,
  STEP_UNSUPPORTED,
} from '../log/segment-scanner.ts';
import { readFully, searchRecords } from './record-search.ts';

const ZERO_READ_BYTES = 1 << 20;

/** A stretch in which no record can be read. */
export interface DamagedStretch {
  readonly offset: number;
  readonly end: number;
  /** It is all zeros: preallocated, never written, or lost by the disk. */
  readonly isZeros: boolean;
  /** Of the record behind it; 0: the walk ends here. */
  readonly nextSequence: number;
}

export interface SegmentVisitor {
  /** `scanner.view` and `scanner.buffer` hold the record, up to the next call. */
  record(scanner: SegmentScanner, isValueRight: boolean): Promise<void> | void;
  damage(stretch: DamagedStretch): Promise<void> | void;
  /** A newer caskd's record; without this the walk ends with UNSUPPORTED_FORMAT. */
  unsupported?(scanner: SegmentScanner): Promise<void> | void;
}

export interface WalkRange {
  readonly salt: number;
  readonly end: number;
  /** What records behind damage may have as their sequence. @default any */
  readonly sequenceMin?: number;
  readonly sequenceMax?: number;
  readonly signal?: AbortSignal | undefined;
  /** Is told how far the walk has come; a promise slows it down. */
  readonly onProgress?: ((offset: number) => Promise<void> | void) | undefined;
}

/** @throws CaskError UNSUPPORTED_FORMAT, CANCELLED; system errors as they are */
export async function walkSegment(
  file: FileHandle,
  range: WalkRange,
  visitor: SegmentVisitor,
): Promise<void> {
  const { salt, end, signal } = range;
  if (end <= SEGMENT_HEADER_BYTES) return;
  const scanRange = { start: SEGMENT_HEADER_BYTES, end, withValues: true };
  const scanner = new SegmentScanner(file, salt, scanRange);
  for (;;) {
    const step = scanner.step();
    if (step === STEP_END) return;
    if (step === STEP_RECORD) {
      const isRight = verifyRecordValue(scanner.buffer, scanner.view, salt);
      const slow = visitor.record(scanner, isRight);
      if (slow !== undefined) await slow;
    } else if (step === STEP_MORE) {
      if (signal?.aborted) throw new CaskError('CANCELLED', 'cancelled');
      await range.onProgress?.(scanner.offset);
      await scanner.fill();
    } else {
      await passDamage(file, range, scanner, visitor, step === STEP_UNSUPPORTED);
    }
  }
}

async function passDamage(
  file: FileHandle,
  range: WalkRange,
  scanner: SegmentScanner,
  visitor: SegmentVisitor,
  isUnsupported: boolean,
): Promise<void> {
  if (isUnsupported) await meetUnsupported(scanner, visitor);
  const stretch = await findNext(file, range, scanner.offset);
  await visitor.damage(stretch);
  scanner.seek(stretch.end);
}

async function meetUnsupported(scanner: SegmentScanner, visitor: SegmentVisitor): Promise<void> {
  if (visitor.unsupported !== undefined) return visitor.unsupported(scanner);
  const { type, flags } = scanner.view;
  const what = `a record of type ${type} with flags ${flags} at offset ${scanner.offset}`;
  const message = `a segment holds ${what}: a newer caskd wrote it; use that one`;
  throw new CaskError('UNSUPPORTED_FORMAT', message);
}

/** From damage to the next record, or to the end. */
async function findNext(
  file: FileHandle,
  range: WalkRange,
  offset: number,
): Promise<DamagedStretch> {
  const { salt, end, sequenceMin = 1, sequenceMax = Number.MAX_SAFE_INTEGER } = range;
  let next = { end, nextSequence: 0 };
  const search = { start: offset + 1, end, sequenceMin, sequenceMax: () => sequenceMax };
  await searchRecords(file, salt, search, (found, view) => {
    next = { end: found, nextSequence: view.sequence };
    return false;
  });
  return { offset, ...next, isZeros: await isZeroStretch(file, offset, next.end) };
}

/** What lies beyond the end of the file counts as zeros. */
export async function isZeroStretch(
  file: FileHandle,
  start: number,
  end: number,
): Promise<boolean> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(ZERO_READ_BYTES, Math.max(1, end - start)));
  for (let at = start; at < end; ) {
    const count = await readFully(file, buffer, Math.min(buffer.length, end - at), at);
    if (count === 0) return true;
    if (buffer.subarray(0, count).some((byte) => byte !== 0)) return false;
    at += count;
  }
  return true;
}
