/**
 * Lets writes through one after the other while a large batch is being sequenced over several
 * turns: what comes meanwhile waits here, in order, and then goes through in slices.
 */

import type { Clock, Scheduler } from '../disk/environment.ts';

const SLICE_MS = 2;

interface Waiting {
  readonly bytes: number;
  readonly run: () => void;
}

export class WriteTurnstile {
  readonly #scheduler: Scheduler;
  readonly #clock: Clock;
  #waiting: Waiting[] = [];
  #next = 0;
  #locked = false;
  /** Bytes of writes that wait here. */
  waitingBytes = 0;

  constructor(scheduler: Scheduler, clock: Clock) {
    this.#scheduler = scheduler;
    this.#clock = clock;
  }

  /** True: go through `wait`. */
  get isClosed(): boolean {
    return this.#locked || this.#waiting.length > 0;
  }

  /** Waits until it is one's turn, and keeps everyone else out until `unlock`. */
  async enter(bytes: number): Promise<void> {
    if (!this.isClosed) {
      this.#locked = true;
      return;
    }
    await new Promise<void>((resolve) => {
      this.wait(bytes, () => {
        this.#locked = true;
        resolve();
      });
    });
  }

  unlock(): void {
    this.#locked = false;
    if (this.#waiting.length > 0) this.#scheduler.endOfTurn(() => this.#letThrough());
  }

  /** Resolves when nothing waits here. */
  async whenOpen(): Promise<void> {
    while (this.isClosed) await new Promise<void>((resolve) => this.#scheduler.endOfTurn(resolve));
  }

  wait(bytes: number, run: () => void): void {
    this.waitingBytes += bytes;
    this.#waiting.push({ bytes, run });
  }

  /** What runs may lock again: the rest stays. */
  #letThrough(): void {
    const deadline = this.#clock.monotonicMs() + SLICE_MS;
    while (!this.#locked && this.#next < this.#waiting.length) {
      const { bytes, run } = this.#waiting[this.#next] as Waiting;
      this.#next += 1;
      this.waitingBytes -= bytes;
      run();
      if (this.#clock.monotonicMs() > deadline) break;
    }
    if (this.#next === this.#waiting.length) {
      this.#waiting = [];
      this.#next = 0;
    } else if (!this.#locked) {
      this.#scheduler.endOfTurn(() => this.#letThrough());
    }
  }
}
