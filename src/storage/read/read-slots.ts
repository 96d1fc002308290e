/**
 * Bounds the reads that are in the thread pool at a time, so that a sync never queues behind
 * them, and the memory that they read into; those beyond wait in order, and where too much waits
 * already they are refused.
 */

import { limitError } from '../../errors/limit-error.ts';

/** What the waiting reads may hold: with keys of some bytes, that is 65,536 of them. */
export const READS_WAITING_BYTES_MAX = 64 * 1024 * 1024;
/** Promise, closure and location of one that waits. */
const WAITING_READ_BYTES = 1024;

export interface ReadSlotLimits {
  readonly maxReadsInFlight: number;
  readonly maxReadBytesInFlight: number;
}

interface WaitingRead {
  readonly bytes: number;
  readonly heldBytes: number;
  readonly resolve: () => void;
}

export class ReadSlots {
  readonly #limits: ReadSlotLimits;
  #waiting: WaitingRead[] = [];
  #next = 0;
  #waitingBytes = 0;
  taken = 0;
  takenHigh = 0;
  bytes = 0;
  bytesHigh = 0;
  /** Reads that had to wait: for a slot, for memory alone; and that were refused. */
  delayed = 0;
  delayedForBytes = 0;
  refused = 0;

  constructor(limits: ReadSlotLimits) {
    this.#limits = limits;
  }

  get waiting(): number {
    return this.#waiting.length - this.#next;
  }

  /**
   * @param bytes of the buffer that is made once this resolves
   * @param heldBytes what the caller holds while it waits
   * @throws CaskError BUSY when too much waits already
   */
  async take(bytes: number, heldBytes: number): Promise<void> {
    if (this.waiting === 0 && this.#hasRoomFor(bytes)) {
      this.#enter(bytes);
      return;
    }
    const held = heldBytes + WAITING_READ_BYTES;
    if (this.#waitingBytes + held > READS_WAITING_BYTES_MAX) {
      this.refused += 1;
      const { maxReadsInFlight } = this.#limits;
      const message = `${this.waiting} reads are waiting for the disk; try again shortly`;
      throw limitError('BUSY', message, 'maxReadsInFlight', maxReadsInFlight);
    }
    if (this.taken < this.#limits.maxReadsInFlight) this.delayedForBytes += 1;
    else this.delayed += 1;
    this.#waitingBytes += held;
    await new Promise<void>((resolve) => this.#waiting.push({ bytes, heldBytes: held, resolve }));
  }

  /** Hands slot and memory to who waited longest. */
  give(bytes: number): void {
    this.taken -= 1;
    this.bytes -= bytes;
    for (
      let next = this.#waiting[this.#next];
      next !== undefined;
      next = this.#waiting[this.#next]
    ) {
      if (!this.#hasRoomFor(next.bytes)) break;
      this.#next += 1;
      this.#waitingBytes -= next.heldBytes;
      this.#enter(next.bytes);
      next.resolve();
    }
    if (this.#next === this.#waiting.length || this.#next > 1024) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
  }

  /** A single read has room whatever its size. */
  #hasRoomFor(bytes: number): boolean {
    const { maxReadsInFlight, maxReadBytesInFlight } = this.#limits;
    if (this.taken === 0) return true;
    return this.taken < maxReadsInFlight && this.bytes + bytes <= maxReadBytesInFlight;
  }

  #enter(bytes: number): void {
    this.taken += 1;
    this.bytes += bytes;
    if (this.taken > this.takenHigh) this.takenHigh = this.taken;
    if (this.bytes > this.bytesHigh) this.bytesHigh = this.bytes;
  }
}
