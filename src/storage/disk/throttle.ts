/** Keeps long work at so many bytes per second, on the average since it began. */

import { delay, type Environment } from './environment.ts';

/** Shorter waits are left for the next call: a timer is no more exact. */
const WAIT_MS_MIN = 1;

export class Throttle {
  readonly #environment: Pick<Environment, 'clock' | 'scheduler'>;
  readonly #bytesPerSecond: number;
  readonly #startedMs: number;

  /** @param bytesPerSecond 0: no limit */
  constructor(environment: Pick<Environment, 'clock' | 'scheduler'>, bytesPerSecond: number) {
    this.#environment = environment;
    this.#bytesPerSecond = bytesPerSecond;
    this.#startedMs = environment.clock.monotonicMs();
  }

  /** Waits until `bytes`, of all the work so far, are within the limit. */
  async wait(bytes: number): Promise<void> {
    if (this.#bytesPerSecond === 0) return;
    const { clock, scheduler } = this.#environment;
    const dueMs = this.#startedMs + (bytes / this.#bytesPerSecond) * 1000;
    const waitMs = dueMs - clock.monotonicMs();
    if (waitMs > WAIT_MS_MIN) await delay(scheduler, waitMs);
  }
}
