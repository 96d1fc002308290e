/**
 * Bounds the hashing that is in the thread pool at a time, where reads and syncs need room, and
 * leaves a core to the event loop where there is one; what must wait is bounded as well.
 */

import { availableParallelism } from 'node:os';
import { CaskError } from '../errors/cask-error.ts';

/** Threads of the pool that hashing may hold. */
export const HASHES_AT_ONCE_MAX = 2;
/** Logins that wait for their turn; one more is told BUSY. */
const HASHES_WAITING_MAX = 64;

export class HashingSlots {
  readonly #atOnce: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(atOnce = slotsFor(availableParallelism()), waitingMax = HASHES_WAITING_MAX) {
    this.#atOnce = atOnce;
    this.#waitingMax = waitingMax;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** @throws CaskError BUSY when too many wait already */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running < this.#atOnce) this.#running += 1;
    else await this.#wait();
    try {
      return await work();
    } finally {
      // the slot goes straight to who waited longest
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  #wait(): Promise<void> {
    if (this.#waiting.length >= this.#waitingMax) {
      throw new CaskError('BUSY', `${this.#waitingMax} logins are waiting; try again shortly`);
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

export function slotsFor(cores: number): number {
  return Math.max(1, Math.min(HASHES_AT_ONCE_MAX, cores - 1));
}
