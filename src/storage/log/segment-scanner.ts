/**
 * Reads the records of a segment one after the other: for replay, hint building and merging.
 *
 * Use: `for (;;) { const step = scanner.step(); if (step === STEP_MORE) await scanner.fill(); ... }`.
 * A promise is needed per chunk, not per record.
 */

import type { FileHandle } from '../disk/file-system.ts';
import {
  DECODE_OK,
  DECODE_SHORT,
  DECODE_UNSUPPORTED,
  decodeRecordHead,
  EXTENSION_BYTES_MAX,
  KEY_BYTES_MAX,
  RECORD_HEADER_BYTES,
  RecordView,
} from '../format/record.ts';

/** `view` holds the next record. */
export const STEP_RECORD = 0;
/** Call `fill` and step again. */
export const STEP_MORE = 1;
/** The end of the range was reached exactly. */
export const STEP_END = 2;
/** No valid record starts at `offset`. */
export const STEP_BAD = 3;
/** A newer writer's record starts at `offset`. */
export const STEP_UNSUPPORTED = 4;

const CHUNK_BYTES = 1 << 20;
/** Enough for any record's header, extensions and key. */
const HEAD_BYTES_MAX = RECORD_HEADER_BYTES + EXTENSION_BYTES_MAX + KEY_BYTES_MAX;

export interface ScanRange {
  readonly start: number;
  readonly end: number;
  /** Have the whole value in the buffer at each step; otherwise it is skipped over. */
  readonly withValues: boolean;
}

export class SegmentScanner {
  readonly view = new RecordView();
  /** Where `view`'s record starts in the segment; after STEP_BAD, where none starts. */
  offset: number;
  readonly #file: FileHandle;
  readonly #salt: number;
  readonly #end: number;
  readonly #withValues: boolean;
  #buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  /** Segment offset of the buffer's first byte, and how many bytes of it are filled. */
  #bufferOffset: number;
  #bufferBytes = 0;
  /** Where the next record starts. */
  #next: number;
  #neededBytes = RECORD_HEADER_BYTES;

  constructor(file: FileHandle, salt: number, range: ScanRange) {
    this.#file = file;
    this.#salt = salt;
    this.#end = range.end;
    this.#withValues = range.withValues;
    this.offset = range.start;
    this.#next = range.start;
    this.#bufferOffset = range.start;
  }

  /** The bytes that `view`'s positions refer to; valid until the next `fill`. */
  get buffer(): Uint8Array {
    return this.#buffer;
  }

  /** Where the scan will go on: the end of the last record. */
  get next(): number {
    return this.#next;
  }

  /** Goes on at another offset, past damage. */
  seek(offset: number): void {
    this.#next = offset;
    this.offset = offset;
  }

  step(): number {
    this.offset = this.#next;
    if (this.#next === this.#end) return STEP_END;
    const at = this.#next - this.#bufferOffset;
    const inBuffer = at >= 0 && at <= this.#bufferBytes;
    const available = inBuffer ? this.#bufferBytes - at : 0;
    const remaining = this.#end - this.#next;
    if (remaining < RECORD_HEADER_BYTES) return STEP_BAD;
    if (available < RECORD_HEADER_BYTES) return this.#more(RECORD_HEADER_BYTES);
    const result = decodeRecordHead(
      this.#buffer,
      at,
      this.#bufferBytes,
      this.#salt,
      this.#next,
      this.view,
    );
    if (result === DECODE_SHORT) {
      const needed = this.view.neededBytes;
      if (needed > remaining || needed > HEAD_BYTES_MAX || needed <= available) return STEP_BAD;
      return this.#more(needed);
    }
    if (result === DECODE_UNSUPPORTED) return STEP_UNSUPPORTED;
    if (result !== DECODE_OK || this.view.recordBytes > remaining) return STEP_BAD;
    if (this.#withValues && this.view.recordBytes > available) {
      return this.#more(this.view.recordBytes);
    }
    this.#next += this.view.recordBytes;
    return STEP_RECORD;
  }

  #more(neededBytes: number): number {
    this.#neededBytes = neededBytes;
    return STEP_MORE;
  }

  /** Reads on from the next record: a chunk, or more where one record needs it. */
  async fill(): Promise<void> {
    const kept = this.#keepTail();
    const wanted = Math.max(this.#neededBytes, CHUNK_BYTES);
    if (wanted > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow(wanted);
      larger.set(this.#buffer.subarray(0, kept));
      this.#buffer = larger;
    }
    this.#bufferBytes = kept;
    const target = Math.min(wanted, this.#end - this.#bufferOffset);
    while (this.#bufferBytes < target) {
      const position = this.#bufferOffset + this.#bufferBytes;
      const length = target - this.#bufferBytes;
      const count = await this.#file.read(this.#buffer, this.#bufferBytes, length, position);
      if (count > 0) {
        this.#bufferBytes += count;
        continue;
      }
      // The file is shorter than promised: what is missing reads as zeros, which is no record.
      this.#buffer.fill(0, this.#bufferBytes, target);
      this.#bufferBytes = target;
    }
  }

  /** Moves what is buffered from the next record on to the front; returns its length. */
  #keepTail(): number {
    const at = this.#next - this.#bufferOffset;
    const usable = at >= 0 && at <= this.#bufferBytes;
    const kept = usable ? this.#bufferBytes - at : 0;
    if (kept > 0) this.#buffer.copyWithin(0, at, this.#bufferBytes);
    this.#bufferOffset = this.#next;
    return kept;
  }
}
