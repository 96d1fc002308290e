/**
 * One record on its way through the thread pool, without a promise: where the data is larger than
 * the memory, there are tens of thousands of them a second.
 */

import type { Clock } from '../disk/environment.ts';
import { readThen } from '../disk/file-system.ts';
import type { RecordView } from '../format/record.ts';
import type { Segment } from '../log/segment.ts';
import type { OpenFile, SegmentFiles } from '../log/segment-files.ts';
import type { ReadSlots, SlotTaker } from './read-slots.ts';
import type { SpareBuffers } from './spare-buffers.ts';

/** Where a record is, as the keydir said it within the same turn. */
export interface RecordLocation {
  readonly segment: Segment;
  readonly offset: number;
  readonly recordBytes: number;
  readonly sequence: number;
}

/** Who asked for a record. */
export interface RecordWaiter {
  /** Memory that it holds while the read waits for its turn. */
  readonly heldBytes: number;
  /** The record, verified; valid until this returns. */
  onRecord(buffer: Uint8Array, view: RecordView): void;
  /** The record could not be had: CORRUPT, IO_ERROR, TOO_MANY_OPEN_FILES or CLOSED. */
  onFailure(thrown: unknown): void;
}

export interface RecordFetchParts {
  readonly files: SegmentFiles;
  readonly slots: ReadSlots;
  readonly clock: Clock;
  readonly buffers: SpareBuffers;
  /** Reads it on the loop and tells who waits; false: that is not allowed now. */
  readonly readNow: (fetch: RecordFetch) => boolean;
  /**
   * Told once of each fetch that was begun, when slot and file are given back; the buffer is valid
   * until this returns. Does not throw.
   */
  readonly onEnd: (
    fetch: RecordFetch,
    buffer: Buffer | undefined,
    error: unknown,
    count: number,
  ) => void;
}

export class RecordFetch implements SlotTaker {
  readonly location: RecordLocation;
  readonly waiter: RecordWaiter;
  /** Made when the read has its turn, so that what waits costs little. */
  #buffer: Buffer | undefined;
  /** What the read took; 0: there was none. */
  durationMs = 0;
  readonly #parts: RecordFetchParts;
  #startedMs = 0;
  #open: OpenFile | undefined;

  /** The segment is pinned until the fetch ends: a merge may be about to remove it. */
  constructor(parts: RecordFetchParts, location: RecordLocation, waiter: RecordWaiter) {
    this.#parts = parts;
    this.location = location;
    this.waiter = waiter;
  }

  get bytes(): number {
    return this.location.recordBytes;
  }

  get heldBytes(): number {
    return this.waiter.heldBytes;
  }

  begin(): void {
    const entered = this.#parts.files.enter(this.location.segment);
    if (entered instanceof Promise) {
      entered.then(
        (open) => this.#read(open),
        (error: unknown) => this.#end(error, 0),
      );
    } else {
      this.#read(entered);
    }
  }

  beginNow(): boolean {
    if (!this.#parts.readNow(this)) return false;
    this.#parts.files.unpin(this.location.segment);
    return true;
  }

  #read(open: OpenFile): void {
    const { recordBytes, offset } = this.location;
    this.#open = open;
    this.#startedMs = this.#parts.clock.monotonicMs();
    try {
      this.#buffer = this.#parts.buffers.take(recordBytes);
      readThen(open.file, this.#buffer, 0, recordBytes, offset, this.#done);
    } catch (error) {
      this.#end(error, 0);
    }
  }

  readonly #done = (error: Error | null, count: number): void => {
    this.durationMs = this.#parts.clock.monotonicMs() - this.#startedMs;
    this.#end(error, count);
  };

  #end(error: unknown, count: number): void {
    const { files, slots, buffers, onEnd } = this.#parts;
    const buffer = this.#buffer;
    this.#buffer = undefined;
    if (this.#open !== undefined) files.leave(this.#open);
    slots.give(this.bytes);
    files.unpin(this.location.segment);
    onEnd(this, buffer, error, count);
    if (buffer !== undefined) buffers.give(buffer);
  }
}
