/**
 * Reads single records from segments and verifies them, by the event-loop rule: on the loop
 * while reads are known to be short, else in the thread pool, a bounded number at a time.
 */

import { CaskError } from '../../errors/cask-error.ts';
import { DurationHistogram } from '../../vocabulary/duration-histogram.ts';
import type { Clock, Environment, Scheduler } from '../disk/environment.ts';
import { systemErrorCode } from '../disk/file-system.ts';
import type { LatencyGate } from '../disk/latency-gate.ts';
import { compareBytes } from '../format/byte-ranges.ts';
import {
  DECODE_OK,
  decodeRecordHead,
  RECORD_PUT,
  RecordView,
  verifyRecordValue,
} from '../format/record.ts';
import type { Segment } from '../log/segment.ts';
import type { SegmentFiles } from '../log/segment-files.ts';
import { checkPatience, type Patience } from '../patience.ts';
import { type ReadSlotLimits, ReadSlots } from './read-slots.ts';
import type { ReadTrouble } from './read-trouble.ts';
import {
  RecordFetch,
  type RecordFetchParts,
  type RecordLocation,
  type RecordWaiter,
} from './record-fetch.ts';
import { SpareBuffers } from './spare-buffers.ts';

/** Larger records are read by the thread pool: copying and summing them takes long enough. */
const SYNC_READ_BYTES_MAX = 64 * 1024;
/** Larger ones are summed in slices of this size. */
const SCRATCH_BYTES = SYNC_READ_BYTES_MAX;
/** How long reads that waited go on in one turn of the loop. */
const CATCH_UP_MS = 2;

export class RecordReader {
  readonly #files: SegmentFiles;
  readonly #clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #gate: LatencyGate;
  readonly #trouble: ReadTrouble;
  readonly slots: ReadSlots;
  readonly #fetches: RecordFetchParts;
  readonly #buffers = new SpareBuffers();
  #isCatchingUp = false;
  readonly #scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);
  /** The record read last; by `readNow`, into `buffer`. Valid until the next read. */
  readonly view = new RecordView();
  diskReads = 0;
  diskReadBytes = 0;
  /** Of each read from a file, with the wait for a thread, without that for a slot. */
  readonly durations = new DurationHistogram();

  constructor(
    files: SegmentFiles,
    { clock, scheduler }: Pick<Environment, 'clock' | 'scheduler'>,
    gate: LatencyGate,
    trouble: ReadTrouble,
    limits: ReadSlotLimits,
    writesNeedThreads: () => boolean,
  ) {
    this.#files = files;
    this.#clock = clock;
    this.#scheduler = scheduler;
    this.#gate = gate;
    this.#trouble = trouble;
    this.slots = new ReadSlots(limits, writesNeedThreads);
    this.#fetches = {
      files,
      slots: this.slots,
      clock,
      buffers: this.#buffers,
      readNow: (fetch) => this.#readNow(fetch),
      onEnd: (fetch, buffer, error, count) => this.#ended(fetch, buffer, error, count),
    };
  }

  get buffer(): Uint8Array {
    return this.#scratch;
  }

  /**
   * Reads on the loop if that is allowed now; the record is then in `view` and `buffer`.
   * @returns false when it has to be read by `readThen` or `readLater`
   * @throws CaskError CORRUPT, IO_ERROR
   */
  readNow(segment: Segment, offset: number, recordBytes: number, sequence: number): boolean {
    if (recordBytes > SYNC_READ_BYTES_MAX) return false;
    const file = this.#files.peek(segment);
    if (file === undefined || !this.#gate.allowsSync()) return false;
    const started = this.#clock.monotonicMs();
    let count: number;
    try {
      count = file.readSync(this.#scratch, 0, recordBytes, offset);
    } catch (error) {
      throw this.#failure(error, segment, offset);
    }
    this.#count(recordBytes, this.#clock.monotonicMs() - started, true);
    this.verify(this.#scratch, 0, count, segment, offset, recordBytes, sequence, this.view);
    return true;
  }

  /**
   * Reads through the thread pool and tells who waits.
   * @throws CaskError BUSY
   */
  readThen(location: RecordLocation, waiter: RecordWaiter): void {
    const { segment } = location;
    this.#files.pin(segment);
    try {
      this.slots.take(new RecordFetch(this.#fetches, location, waiter));
    } catch (error) {
      this.#files.unpin(segment);
      throw error;
    }
  }

  #ended(
    { location, waiter, durationMs }: RecordFetch,
    buffer: Buffer | undefined,
    error: unknown,
    count: number,
  ): void {
    this.#catchUpSoon();
    const { segment, offset, recordBytes, sequence } = location;
    let failure: unknown;
    try {
      if (error !== null || buffer === undefined) throw this.#failureOf(error, segment, offset);
      this.#count(recordBytes, durationMs, false);
      this.verify(buffer, 0, count, segment, offset, recordBytes, sequence, this.view);
    } catch (thrown) {
      failure = thrown;
    }
    if (failure === undefined && buffer !== undefined) waiter.onRecord(buffer, this.view);
    else waiter.onFailure(failure);
  }

  /**
   * When reads may run on the loop again, those that come then are answered at once; without this,
   * those that wait would be left to the few that the thread pool does in each of these full turns.
   */
  #catchUpSoon(): void {
    if (this.#isCatchingUp || this.slots.waiting === 0) return;
    this.#isCatchingUp = true;
    this.#scheduler.endOfTurn(this.#catchUp);
  }

  readonly #catchUp = (): void => {
    this.#isCatchingUp = false;
    const endMs = this.#clock.monotonicMs() + CATCH_UP_MS;
    let isOver = false;
    this.slots.passBy(() => {
      isOver = this.#clock.monotonicMs() >= endMs;
      return !isOver && this.#gate.isOnLoop;
    });
    if (isOver) this.#catchUpSoon();
  };

  #readNow({ location, waiter }: RecordFetch): boolean {
    const { segment, offset, recordBytes, sequence } = location;
    try {
      if (!this.readNow(segment, offset, recordBytes, sequence)) return false;
    } catch (thrown) {
      waiter.onFailure(thrown);
      return true;
    }
    waiter.onRecord(this.#scratch, this.view);
    return true;
  }

  /**
   * Reads through the thread pool into a buffer of its own.
   * @param heldBytes what the caller holds while the read waits for its turn
   * @throws CaskError CORRUPT, IO_ERROR, TOO_MANY_OPEN_FILES, BUSY, CLOSED
   */
  async readLater(
    location: RecordLocation,
    view: RecordView,
    heldBytes: number,
  ): Promise<Uint8Array> {
    const { segment, offset, recordBytes, sequence } = location;
    const buffer = await this.readRun(segment, offset, recordBytes, heldBytes);
    this.verify(buffer, 0, buffer.length, segment, offset, recordBytes, sequence, view);
    return buffer;
  }

  /**
   * Reads `length` bytes of a segment, fewer where it ends, through the thread pool. The buffer
   * is made when the read has its turn, so that what waits costs little.
   * @throws CaskError IO_ERROR, TOO_MANY_OPEN_FILES, BUSY, CLOSED, CANCELLED
   */
  async readRun(
    segment: Segment,
    offset: number,
    length: number,
    heldBytes: number,
    patience?: Patience,
  ): Promise<Buffer> {
    // The file must outlive the wait for a slot: a merge may be about to remove it.
    this.#files.pin(segment);
    try {
      const atOnce = await this.#takeSlot(segment, offset, length, heldBytes, patience);
      if (atOnce !== undefined) return atOnce;
      try {
        checkPatience(patience);
        return await this.#files.use(segment, async (file) => {
          const buffer = Buffer.allocUnsafe(length);
          const started = this.#clock.monotonicMs();
          const count = await file.read(buffer, 0, length, offset);
          this.#count(length, this.#clock.monotonicMs() - started, false);
          return count === length ? buffer : buffer.subarray(0, count);
        });
      } finally {
        this.slots.give(length);
        this.#catchUpSoon();
      }
    } catch (error) {
      throw this.#failureOf(error, segment, offset);
    } finally {
      this.#files.unpin(segment);
    }
  }

  /** Resolves when there is a slot; to what was to be read, if it could be had without one. */
  #takeSlot(
    segment: Segment,
    offset: number,
    length: number,
    heldBytes: number,
    patience: Patience | undefined,
  ): Promise<Buffer | undefined> {
    return new Promise((resolve, reject) => {
      const beginNow = (): boolean => {
        if (length > SYNC_READ_BYTES_MAX) return false;
        try {
          checkPatience(patience);
          const buffer = Buffer.allocUnsafe(length);
          const count = this.readRunNow(segment, offset, buffer, 0, length);
          if (count < 0) return false;
          resolve(count === length ? buffer : buffer.subarray(0, count));
        } catch (error) {
          reject(error);
        }
        return true;
      };
      this.slots.take({ bytes: length, heldBytes, begin: () => resolve(undefined), beginNow });
    });
  }

  /** Reads a run on the loop if that is allowed now; -1 when it is not. */
  readRunNow(
    segment: Segment,
    offset: number,
    buffer: Uint8Array,
    at: number,
    length: number,
  ): number {
    if (length > SYNC_READ_BYTES_MAX) return -1;
    const file = this.#files.peek(segment);
    if (file === undefined || !this.#gate.allowsSync()) return -1;
    const started = this.#clock.monotonicMs();
    try {
      const count = file.readSync(buffer, at, length, offset);
      this.#count(length, this.#clock.monotonicMs() - started, true);
      return count;
    } catch (error) {
      throw this.#failure(error, segment, offset);
    }
  }

  #count(bytes: number, ms: number, wasSync: boolean): void {
    this.#gate.record(ms, wasSync);
    this.durations.record(ms);
    this.diskReads += 1;
    this.diskReadBytes += bytes;
  }

  /** What is no answer of the system is told as it is. */
  #failureOf(error: unknown, segment: Segment, offset: number): CaskError {
    return error instanceof CaskError ? error : this.#failure(error, segment, offset);
  }

  #failure(error: unknown, segment: Segment, offset: number): CaskError {
    const failure = readFailure(error, segment, offset);
    this.#trouble.noteFailed(segment, offset, failure.message);
    return failure;
  }

  /**
   * Checks that `buffer[at, at + recordBytes)` holds exactly the record that was asked for.
   * @throws CaskError CORRUPT
   */
  verify(
    buffer: Uint8Array,
    at: number,
    bytesRead: number,
    segment: Segment,
    offset: number,
    recordBytes: number,
    sequence: number,
    view: RecordView,
  ): void {
    const whole = bytesRead === recordBytes;
    const limit = at + recordBytes;
    if (
      whole &&
      decodeRecordHead(buffer, at, limit, segment.salt, offset, view) === DECODE_OK &&
      view.type === RECORD_PUT &&
      view.sequence === sequence &&
      view.recordBytes === recordBytes &&
      verifyRecordValue(buffer, view, segment.salt)
    ) {
      return;
    }
    this.#trouble.noteCorrupt(segment, offset, recordBytes);
    const where = `segment ${segment.id}, offset ${offset}, ${recordBytes} bytes`;
    const what = whole ? 'its checksum does not match' : 'the file ends before it does';
    throw new CaskError('CORRUPT', `the record is damaged (${where}): ${what}`, {
      details: { segment: segment.id, offset, bytes: recordBytes },
    });
  }
}

/** True when the record in `view` is of that key: the last check against a wrong pointer. */
export function isOfKey(
  buffer: Uint8Array,
  view: RecordView,
  key: Uint8Array,
  keyStart: number,
  keyBytes: number,
): boolean {
  return compareBytes(buffer, view.keyStart, view.keyBytes, key, keyStart, keyBytes) === 0;
}

function readFailure(error: unknown, segment: Segment, offset: number): CaskError {
  const code = systemErrorCode(error);
  const full = code === 'EMFILE' || code === 'ENFILE';
  const cause = error instanceof Error ? error.message : String(error);
  const where = `segment ${segment.id}, offset ${offset}`;
  return new CaskError(
    full ? 'TOO_MANY_OPEN_FILES' : 'IO_ERROR',
    `the record could not be read (${where}): ${cause}`,
    { cause: error },
  );
}
