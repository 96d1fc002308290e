/**
 * Bounds the reads that are in the thread pool at a time, so that a sync never queues behind
 * them; those beyond wait in order, and those beyond a limit are refused.
 */

import { CaskError } from '../../errors/cask-error.ts';

/** Reads that may wait for a slot. */
export const READS_WAITING_MAX = 65_536;

export class ReadSlots {
  readonly #max: number;
  #taken = 0;
  #waiting: (() => void)[] = [];
  #next = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiting.length - this.#next;
  }

  /** @throws CaskError BUSY when too many wait already */
  async take(): Promise<void> {
    if (this.#taken < this.#max) {
      this.#taken += 1;
      return;
    }
    if (this.waiting >= READS_WAITING_MAX) {
      throw new CaskError('BUSY', `${READS_WAITING_MAX} reads are waiting; try again shortly`);
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Hands the slot to who waited longest. */
  give(): void {
    const resolve = this.#waiting[this.#next];
    if (resolve === undefined) {
      this.#taken -= 1;
      return;
    }
    this.#next += 1;
    if (this.#next === this.#waiting.length || this.#next > 1024) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
    resolve();
  }
}
