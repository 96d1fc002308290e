/**
 * A group: what is appended in one write and committed together. It owns the encoded records and
 * the answers that wait for them.
 */

import type { CaskError } from '../../errors/cask-error.ts';
import { crc32 } from '../format/checksum.ts';
import { valueSeed, writeValueCrc } from '../format/record.ts';
import type { Segment } from '../log/segment.ts';
import type { Modifier } from '../modifier.ts';
import type { ReplySink } from '../reply-sink.ts';
import { GroupMemory } from './group-memory.ts';
import type { GroupRows } from './group-rows.ts';
import { HeldReads } from './held-reads.ts';

/** Something that waits for a group: a read of one's own write, a CONFLICT against it, a batch. */
export interface Waiter {
  committed(): void;
  failed(error: CaskError): void;
}

export type GroupState = 'gathering' | 'queued' | 'committed' | 'failed';

/** A value whose checksum is still to be computed, in slices, before the group is written. */
interface UnsummedValue {
  readonly recordAt: number;
  readonly valueAt: number;
  readonly valueBytes: number;
  readonly seed: number;
}

/** Values from this size on are summed in slices of this size, not all at once. */
export const SLICE_BYTES = 1 << 20;

export class Group {
  readonly segment: Segment;
  /** Where the group's first record goes in the segment. */
  readonly startOffset: number;
  /** Engine time of everything in the group. */
  readonly now: number;
  /** How far the segment was durable when the group was begun. */
  readonly provenOffset: number;
  /** To be given to another group once this one is over. */
  readonly memory: GroupMemory;
  readonly rows: GroupRows;
  length = 0;
  state: GroupState = 'gathering';
  /** Why it is 'failed'. */
  failure: CaskError | undefined;
  firstSequence = 0;
  lastSequence = 0;
  /** Keys, and their bytes, that may be new to the keydir. */
  newKeys = 0;
  newKeyBytes = 0;
  /** One for each row that tells a modifier, in their order. */
  readonly modifiers: Modifier[] = [];
  readonly waiters: Waiter[] = [];
  #reads: HeldReads | undefined;
  /** All of it has been given to the kernel. */
  written = false;
  readonly #unsummed: UnsummedValue[] = [];

  constructor(
    segment: Segment,
    startOffset: number,
    now: number,
    provenOffset: number,
    memory: GroupMemory | undefined,
  ) {
    this.segment = segment;
    this.startOffset = startOffset;
    this.now = now;
    this.provenOffset = provenOffset;
    this.memory = memory ?? new GroupMemory();
    this.rows = this.memory.rows;
  }

  /** The records, as they go to the log. */
  get buffer(): Uint8Array {
    return this.memory.buffer;
  }

  get hasRecords(): boolean {
    return this.lastSequence > 0;
  }

  get endOffset(): number {
    return this.startOffset + this.length;
  }

  startsBefore(other: Group): boolean {
    return this.firstSequence < other.firstSequence;
  }

  /** Makes room for `bytes` more. */
  reserve(bytes: number): void {
    this.memory.reserve(this.length + bytes, this.length);
  }

  addRecord(
    recordAt: number,
    end: number,
    sequence: number,
    kind: number,
    sink: ReplySink | undefined,
    token: number,
  ): void {
    if (this.lastSequence === 0) this.firstSequence = sequence;
    this.lastSequence = sequence;
    this.length = end;
    this.rows.add(recordAt, kind, sink, token);
  }

  /** Reads that are answered when the group commits. */
  get reads(): HeldReads {
    this.#reads ??= new HeldReads();
    return this.#reads;
  }

  /** Answers whoever waits for the group, which is committed. */
  tellCommitted(): void {
    this.#reads?.answer(this.buffer);
    for (const waiter of this.waiters) waiter.committed();
  }

  tellFailed(error: CaskError): void {
    this.#reads?.fail(error);
    for (const waiter of this.waiters) waiter.failed(error);
  }

  /** Where the record with that sequence is, which is one of the group. */
  recordAtOf(sequence: number): number {
    return this.rows.recordAts[sequence - this.firstSequence] as number;
  }

  sumLater(recordAt: number, valueAt: number, valueBytes: number, sequence: number): void {
    const seed = valueSeed(this.segment.salt, sequence);
    this.#unsummed.push({ recordAt, valueAt, valueBytes, seed });
  }

  get hasUnsummed(): boolean {
    return this.#unsummed.length > 0;
  }

  /** Computes what `sumLater` left, letting other work in between slices. */
  async sumValues(nextTurn: () => Promise<void>): Promise<void> {
    for (const { recordAt, valueAt, valueBytes, seed } of this.#unsummed) {
      let sum = seed;
      for (let done = 0; done < valueBytes; done += SLICE_BYTES) {
        const end = Math.min(done + SLICE_BYTES, valueBytes);
        sum = crc32(this.buffer, valueAt + done, valueAt + end, sum);
        await nextTurn();
      }
      writeValueCrc(this.buffer, recordAt, sum);
    }
    this.#unsummed.length = 0;
  }
}
