/**
 * Reads a sealed segment from its first byte to its last and says what of it is damaged: every
 * record's head and value are verified, and what lies between records. A function over the seam.
 */

import type { Environment } from '../disk/environment.ts';
import { segmentName } from '../format/file-names.ts';
import type { DamageFacts } from '../format/manifest.ts';
import { decodeSegmentHeader, SEGMENT_HEADER_BYTES } from '../format/segment-header.ts';
import type { JobSegment } from '../merge/job-input.ts';
import { readFully } from '../recovery/record-search.ts';
import { walkSegment } from '../recovery/segment-walk.ts';
import { TolerantFile } from '../recovery/tolerant-file.ts';

/** Ranges told of one segment; what is damaged behind them is one range more. */
const RANGES_MAX = 1000;

/** A sealed segment, and the sequences that it may hold. */
export interface CheckedSegment extends JobSegment {
  readonly min: number;
  readonly last: number;
}

/** Is told how many bytes of the segment have been read; a promise slows the check down. */
export type CheckProgress = (bytesDone: number) => Promise<void> | void;

/** @throws CaskError UNSUPPORTED_FORMAT; system errors but EIO, which is damage */
export async function checkRecords(
  environment: Environment,
  directory: string,
  segment: CheckedSegment,
  onProgress?: CheckProgress,
): Promise<DamageFacts[]> {
  const path = `${directory}/${segmentName(segment.kind, segment.id)}`;
  const file = await TolerantFile.open(environment.fs, path);
  const found = new FoundDamage(segment);
  try {
    if (!(await hasItsHeader(file, segment))) found.add(0, SEGMENT_HEADER_BYTES, 0, 0);
    let last = segment.min - 1;
    const { salt, bytes: end, min: sequenceMin, last: sequenceMax } = segment;
    const range = { salt, end, sequenceMin, sequenceMax, onProgress };
    await walkSegment(file, range, {
      record({ view, offset }, isValueRight) {
        last = view.sequence;
        if (!isValueRight) found.add(offset, view.recordBytes, last, last);
      },
      damage({ offset, end: until, nextSequence }) {
        // In a merged segment the neighbours do not say what was between them.
        const isLog = segment.kind === 'log';
        const next = nextSequence > 0 ? nextSequence - 1 : segment.last;
        const first = isLog ? last + 1 : segment.min;
        found.add(offset, until - offset, first, isLog ? Math.max(first, next) : segment.last);
      },
    });
    await onProgress?.(segment.bytes);
    return found.ranges;
  } finally {
    await file.close();
  }
}

async function hasItsHeader(file: TolerantFile, segment: CheckedSegment): Promise<boolean> {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  const count = await readFully(file, bytes, bytes.length, 0);
  try {
    const header = decodeSegmentHeader(bytes.subarray(0, count));
    return header?.id === segment.id && header.salt === segment.salt;
  } catch {
    return false; // a flipped bit may look like a newer version: the store was opened with it
  }
}

class FoundDamage {
  readonly ranges: DamageFacts[] = [];
  readonly #segment: number;

  constructor(segment: CheckedSegment) {
    this.#segment = segment.id;
  }

  add(offset: number, bytes: number, firstSequence: number, lastSequence: number): void {
    const last = this.ranges.at(-1);
    if (last === undefined || this.ranges.length <= RANGES_MAX) {
      this.ranges.push({ segment: this.#segment, offset, bytes, firstSequence, lastSequence });
      return;
    }
    this.ranges.pop();
    this.ranges.push({ ...last, bytes: offset + bytes - last.offset, lastSequence });
  }
}
