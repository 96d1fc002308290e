/**
 * Looks for valid records at every byte of a stretch of a segment: what lies behind damage.
 * The checksum of a record's head is seeded with salt and offset, so a find is no accident.
 */

import type { FileHandle } from '../disk/file-system.ts';
import {
  DECODE_OK,
  decodeRecordHead,
  EXTENSION_BYTES_MAX,
  KEY_BYTES_MAX,
  looksLikeRecord,
  RECORD_HEADER_BYTES,
  RecordView,
} from '../format/record.ts';

const CHUNK_BYTES = 1 << 20;
/** Any record's head fits in this: header, extensions and the longest key. */
const HEAD_BYTES_MAX = RECORD_HEADER_BYTES + EXTENSION_BYTES_MAX + KEY_BYTES_MAX;
const WORD_BYTES = 8;

export interface SearchRange {
  readonly start: number;
  /** Where the search ends: the end of the file. */
  readonly end: number;
  /** What a record at some offset may have as its sequence. */
  readonly sequenceMin: number;
  readonly sequenceMax: (offset: number) => number;
  /**
   * Also finds records whose value the end of the file cuts off: a torn tail's last head is whole.
   * @default false
   */
  readonly findsCut?: boolean;
}

/** Is told of each find; false ends the search. */
export type SearchVisitor = (offset: number, view: RecordView) => boolean;

/** Calls `visit` for each valid record in order of offsets until it returns false. */
export async function searchRecords(
  file: FileHandle,
  salt: number,
  range: SearchRange,
  visit: SearchVisitor,
): Promise<void> {
  const buffer = Buffer.alloc(CHUNK_BYTES + HEAD_BYTES_MAX);
  const view = new RecordView();
  for (let at = range.start; at + RECORD_HEADER_BYTES <= range.end; ) {
    const filled = await readFully(file, buffer, Math.min(buffer.length, range.end - at), at);
    if (filled < RECORD_HEADER_BYTES) return;
    const isLast = at + filled >= range.end || filled < buffer.length;
    const limit = isLast ? filled - RECORD_HEADER_BYTES + 1 : CHUNK_BYTES;
    const next = searchChunk(buffer, filled, limit, salt, at, range, view, visit);
    if (next < 0) return;
    at += next;
  }
}

/** Searches a chunk that starts at `at`; returns where to go on, or -1 when the visitor ended it. */
function searchChunk(
  buffer: Uint8Array,
  filled: number,
  limit: number,
  salt: number,
  at: number,
  range: SearchRange,
  view: RecordView,
  visit: SearchVisitor,
): number {
  let local = 0;
  while (local < limit) {
    local = skipZeros(buffer, local, limit);
    if (local >= limit) break;
    if (!isRecordAt(buffer, local, filled, salt, at + local, range, view)) {
      local += 1;
      continue;
    }
    if (!visit(at + local, view)) return -1;
    local += view.recordBytes;
  }
  return Math.max(local, limit);
}

function isRecordAt(
  buffer: Uint8Array,
  local: number,
  filled: number,
  salt: number,
  offset: number,
  range: SearchRange,
  view: RecordView,
): boolean {
  const { sequenceMin } = range;
  const end = range.findsCut === true ? Number.MAX_SAFE_INTEGER : range.end;
  const sequenceMax = range.sequenceMax(offset);
  return (
    looksLikeRecord(buffer, local, filled, offset, end, sequenceMin, sequenceMax) &&
    decodeRecordHead(buffer, local, filled, salt, offset, view) === DECODE_OK
  );
}

/** A record's type is its ninth byte: where that and all around it is zero, none starts. */
function skipZeros(buffer: Uint8Array, from: number, limit: number): number {
  let at = from;
  while (at < limit && isZeroWord(buffer, at + WORD_BYTES)) at += WORD_BYTES;
  return at;
}

/** True when no record can start at `at - 8` .. `at - 1`: its type byte would be 0. */
function isZeroWord(buffer: Uint8Array, at: number): boolean {
  for (let index = at; index < at + WORD_BYTES; index += 1) {
    if (buffer[index] !== 0) return false;
  }
  return true;
}

/** Reads up to `length` bytes; fewer only at the end of the file. */
export async function readFully(
  file: FileHandle,
  buffer: Uint8Array,
  length: number,
  position: number,
): Promise<number> {
  let done = 0;
  while (done < length) {
    const count = await file.read(buffer, done, length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}
