/** Keeps long work at so many bytes per second, on the average since the limit was set. */

import { delay, type Environment } from './environment.ts';

/** Shorter waits are left for the next call: a timer is no more exact. */
const WAIT_MS_MIN = 1;

export class Throttle {
  readonly #environment: Pick<Environment, 'clock' | 'scheduler'>;
  #bytesPerSecond: number;
  /** The average runs from here. */
  #fromMs: number;
  #fromBytes = 0;

  /** @param bytesPerSecond 0: no limit */
  constructor(environment: Pick<Environment, 'clock' | 'scheduler'>, bytesPerSecond: number) {
    this.#environment = environment;
    this.#bytesPerSecond = bytesPerSecond;
    this.#fromMs = environment.clock.monotonicMs();
  }

  /** Sets another limit, after `bytes` of the work; a wait that has begun keeps its length. */
  limit(bytesPerSecond: number, bytes: number): void {
    if (bytesPerSecond === this.#bytesPerSecond) return;
    this.#bytesPerSecond = bytesPerSecond;
    this.#fromMs = this.#environment.clock.monotonicMs();
    this.#fromBytes = bytes;
  }

  /** Waits until `bytes`, of all the work so far, are within the limit. */
  async wait(bytes: number): Promise<void> {
    if (this.#bytesPerSecond === 0) return;
    const { clock, scheduler } = this.#environment;
    const dueMs = this.#fromMs + ((bytes - this.#fromBytes) / this.#bytesPerSecond) * 1000;
    const waitMs = dueMs - clock.monotonicMs();
    if (waitMs > WAIT_MS_MIN) await delay(scheduler, waitMs);
  }
}
