/**
 * Bounds the reads that are in the thread pool at a time, and the memory that they read into;
 * those beyond wait in order, and where too much waits already they are refused.
 *
 * A thread that finds its next read waiting need not be woken for it, which costs more than the
 * read itself: so by default there are twice as many as threads. While writes go through the pool,
 * too, there are half as many less two, so that these do not queue behind reads; the first after a
 * pause may, for about as long as one read takes.
 */

import { limitError } from '../../errors/limit-error.ts';

/** What the waiting reads may hold: with keys of some bytes, that is 65,536 of them. */
export const READS_WAITING_BYTES_MAX = 64 * 1024 * 1024;
/** Objects of one that waits. */
const WAITING_READ_BYTES = 1024;
/** Left to writes, of the half of the reads in flight that has threads by default. */
const THREADS_FOR_WRITES = 2;

export interface ReadSlotLimits {
  readonly maxReadsInFlight: number;
  readonly maxReadBytesInFlight: number;
}

/** A read that wants a slot. */
export interface SlotTaker {
  /** Of the buffer that is made once it has one. */
  readonly bytes: number;
  /** What it holds while it waits. */
  readonly heldBytes: number;
  /** It has one, until `give`. Does not throw. */
  begin(): void;
  /** Is over and done with at once, on the loop, without a slot; false: this one is not for that. */
  beginNow(): boolean;
}

export class ReadSlots {
  readonly #limits: ReadSlotLimits;
  readonly #writesNeedThreads: () => boolean;
  /** In order; those that have begun are gone. */
  #waiting: (SlotTaker | undefined)[] = [];
  #next = 0;
  #waitingBytes = 0;
  waiting = 0;
  taken = 0;
  takenHigh = 0;
  bytes = 0;
  bytesHigh = 0;
  /** Reads that had to wait: for a slot, for memory alone; and that were refused. */
  delayed = 0;
  delayedForBytes = 0;
  refused = 0;

  constructor(limits: ReadSlotLimits, writesNeedThreads: () => boolean) {
    this.#limits = limits;
    this.#writesNeedThreads = writesNeedThreads;
  }

  /**
   * Begins the read, now or in its turn.
   * @throws CaskError BUSY when too much waits already
   */
  take(taker: SlotTaker): void {
    if (this.waiting === 0 && this.#hasRoomFor(taker.bytes)) {
      this.#enter(taker.bytes);
      taker.begin();
      return;
    }
    const held = taker.heldBytes + WAITING_READ_BYTES;
    if (this.#waitingBytes + held > READS_WAITING_BYTES_MAX) {
      this.refused += 1;
      const { maxReadsInFlight } = this.#limits;
      const message = `${this.waiting} reads are waiting for the disk; try again shortly`;
      throw limitError('BUSY', message, 'maxReadsInFlight', maxReadsInFlight);
    }
    if (this.taken < this.#slots() && !this.#hasMemoryFor(taker.bytes)) this.delayedForBytes += 1;
    else this.delayed += 1;
    this.#waitingBytes += held;
    this.waiting += 1;
    this.#waiting.push(taker);
  }

  /** Hands slot and memory to who waited longest. */
  give(bytes: number): void {
    this.taken -= 1;
    this.bytes -= bytes;
    while (this.#next < this.#waiting.length) {
      const next = this.#waiting[this.#next];
      if (next !== undefined && !this.#hasRoomFor(next.bytes)) break;
      this.#waiting[this.#next] = undefined;
      this.#next += 1;
      if (next === undefined) continue;
      this.#forget(next);
      this.#enter(next.bytes);
      next.begin();
    }
    if (this.#next === this.#waiting.length || this.#next > 1024) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
  }

  /**
   * Lets those go that can without a slot, in order, until it is told to stop.
   * @param mayGoOn asked before each
   */
  passBy(mayGoOn: () => boolean): void {
    for (let at = this.#next; at < this.#waiting.length && mayGoOn(); at += 1) {
      const taker = this.#waiting[at];
      if (taker === undefined) continue;
      this.#waiting[at] = undefined;
      if (taker.beginNow()) this.#forget(taker);
      else this.#waiting[at] = taker;
    }
  }

  /** It waits no more. */
  #forget({ heldBytes }: SlotTaker): void {
    this.waiting -= 1;
    this.#waitingBytes -= heldBytes + WAITING_READ_BYTES;
  }

  /** A single read has room whatever its size. */
  #hasRoomFor(bytes: number): boolean {
    if (this.taken === 0) return true;
    return this.taken < this.#slots() && this.#hasMemoryFor(bytes);
  }

  #hasMemoryFor(bytes: number): boolean {
    return this.bytes + bytes <= this.#limits.maxReadBytesInFlight;
  }

  #slots(): number {
    const { maxReadsInFlight } = this.#limits;
    if (!this.#writesNeedThreads()) return maxReadsInFlight;
    return Math.max(1, Math.floor(maxReadsInFlight / 2) - THREADS_FOR_WRITES);
  }

  #enter(bytes: number): void {
    this.taken += 1;
    this.bytes += bytes;
    if (this.taken > this.takenHigh) this.takenHigh = this.taken;
    if (this.bytes > this.bytesHigh) this.bytesHigh = this.bytes;
  }
}
