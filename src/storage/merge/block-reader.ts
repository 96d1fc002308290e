/**
 * Reads a sealed segment in blocks of whole records, verifies them, and packs the question which
 * of them are current. While a block is worked on, the next bytes are being read.
 *
 * ```
 *  buffer of a block:   [ room for a tail | chunk, as read from the file ]
 *                            ^ the record that the chunk before cuts off, if it fits there;
 *                              else both go into a larger buffer
 * ```
 */

import type { FileHandle } from '../disk/file-system.ts';
import {
  DECODE_OK,
  DECODE_SHORT,
  decodeRecordHead,
  RecordView,
  verifyRecordValue,
} from '../format/record.ts';
import { SEGMENT_HEADER_BYTES } from '../format/segment-header.ts';
import { damaged } from './hint-job.ts';
import type { JobSegment } from './job-input.ts';
import { VerdictRequestWriter } from './verdicts.ts';

const CHUNK_BYTES = 1 << 20;
const TAIL_ROOM_BYTES = 64 * 1024;
const BUFFER_BYTES = TAIL_ROOM_BYTES + CHUNK_BYTES;
const STARTS_MIN = 4096;

/** Whole records, one behind the other, verified. */
export class RecordBlock {
  buffer = new Uint8Array(BUFFER_BYTES);
  /** Where the records start in the buffer: the first `count`. */
  starts = new Uint32Array(STARTS_MIN);
  count = 0;
  /** The length of the records together. */
  bytes = 0;
  /** Has the sequences and keys of the records. */
  readonly question: VerdictRequestWriter = new VerdictRequestWriter();

  addStart(at: number): void {
    if (this.count === this.starts.length) {
      const larger = new Uint32Array(this.starts.length * 2);
      larger.set(this.starts);
      this.starts = larger;
    }
    this.starts[this.count] = at;
    this.count += 1;
  }
}

/** Blocks to be used again: their buffers are large. */
export class BlockPool {
  readonly #free: RecordBlock[] = [];

  take(): RecordBlock {
    const block = this.#free.pop() ?? new RecordBlock();
    block.count = 0;
    block.bytes = 0;
    return block;
  }

  /** One that had to grow for a large record is left to the collector. */
  give(block: RecordBlock): void {
    if (block.buffer.length === BUFFER_BYTES) this.#free.push(block);
  }
}

export class BlockReader {
  readonly #file: FileHandle;
  readonly #segment: JobSegment;
  readonly #pool: BlockPool;
  readonly #view = new RecordView();
  /** What is being read: the chunk goes into that block. */
  #ahead: RecordBlock | undefined;
  #aheadBytes = 0;
  #reading: Promise<void> = Promise.resolve();
  /** In the segment: up to where the chunks that were taken reach. */
  #takenTo = SEGMENT_HEADER_BYTES;
  /** The next record, as far as it has been taken. */
  #tail: Uint8Array = new Uint8Array(0);
  /** Its length as far as that is known by now. */
  #neededBytes = 0;

  constructor(file: FileHandle, segment: JobSegment, pool: BlockPool) {
    this.#file = file;
    this.#segment = segment;
    this.#pool = pool;
    this.#readAhead();
  }

  /**
   * The next block, which has one record at least; undefined at the end.
   * @throws CaskError CORRUPT where no valid record starts, and where a value is damaged
   */
  async next(): Promise<RecordBlock | undefined> {
    for (;;) {
      const block = this.#ahead;
      if (block === undefined) return undefined;
      const length = await this.#take();
      const start = TAIL_ROOM_BYTES - this.#tail.length;
      const end = TAIL_ROOM_BYTES + length;
      if (start < 0 || this.#neededBytes > end - start) {
        this.#decode(block, 0, await this.#enlarge(block, end));
      } else {
        block.buffer.set(this.#tail, start);
        this.#decode(block, start, end);
      }
      if (block.count > 0) return block;
      this.#pool.give(block);
    }
  }

  /** Waits until nothing is being read any more, so that the file may be closed. */
  async settled(): Promise<void> {
    await this.#reading.catch(() => {});
  }

  #readAhead(): void {
    const length = Math.min(CHUNK_BYTES, this.#segment.bytes - this.#takenTo);
    this.#ahead = length > 0 ? this.#pool.take() : undefined;
    this.#aheadBytes = length;
    if (this.#ahead === undefined) return;
    this.#reading = this.#read(this.#ahead.buffer, this.#takenTo, length);
    this.#reading.catch(() => {}); // told by the one who takes it, if anybody does
  }

  /** Waits for the chunk that is being read, and begins to read the next; returns its length. */
  async #take(): Promise<number> {
    await this.#reading;
    const length = this.#aheadBytes;
    this.#takenTo += length;
    this.#readAhead();
    return length;
  }

  /** @throws CaskError CORRUPT when the file is shorter than promised */
  async #read(buffer: Uint8Array, position: number, length: number): Promise<void> {
    for (let done = 0; done < length; ) {
      const at = TAIL_ROOM_BYTES + done;
      const count = await this.#file.read(buffer, at, length - done, position + done);
      if (count === 0) throw damaged(this.#segment.id, position + done);
      done += count;
    }
  }

  /**
   * Gives the block a buffer that has the tail, its chunk up to `end`, and the chunks up to the end
   * of the record; returns how much of it is filled.
   */
  async #enlarge(block: RecordBlock, end: number): Promise<number> {
    const tail = this.#tail;
    const chunks = Math.ceil(this.#neededBytes / CHUNK_BYTES) + 1;
    const larger = new Uint8Array(tail.length + chunks * CHUNK_BYTES);
    larger.set(tail);
    larger.set(block.buffer.subarray(TAIL_ROOM_BYTES, end), tail.length);
    let filled = tail.length + end - TAIL_ROOM_BYTES;
    while (filled < this.#neededBytes && this.#ahead !== undefined) {
      const ahead = this.#ahead;
      const length = await this.#take();
      larger.set(ahead.buffer.subarray(TAIL_ROOM_BYTES, TAIL_ROOM_BYTES + length), filled);
      filled += length;
      this.#pool.give(ahead);
    }
    block.buffer = larger;
    return filled;
  }

  /** Finds the whole records in `buffer[start, end)`; what is left over is the tail. */
  #decode(block: RecordBlock, start: number, end: number): void {
    const { buffer, question } = block;
    const { id, salt, bytes: segmentBytes } = this.#segment;
    const view = this.#view;
    const shift = this.#takenTo - end;
    let at = start;
    this.#neededBytes = 0;
    while (at < end) {
      const offset = at + shift;
      const result = decodeRecordHead(buffer, at, end, salt, offset, view);
      if (result !== DECODE_OK && result !== DECODE_SHORT) throw damaged(id, offset);
      const needed = result === DECODE_OK ? view.recordBytes : view.neededBytes;
      if (needed > segmentBytes - offset) throw damaged(id, offset);
      if (result === DECODE_SHORT || needed > end - at) {
        this.#neededBytes = needed;
        break;
      }
      if (!verifyRecordValue(buffer, view, salt)) throw damaged(id, offset);
      block.addStart(at);
      question.add(view.sequence, buffer, view.keyStart, view.keyBytes);
      at += needed;
    }
    block.bytes = at - start;
    this.#tail = buffer.slice(at, end);
  }
}
