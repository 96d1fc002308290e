/**
 * Keeps writes out while a large batch is being sequenced over several turns: who comes meanwhile
 * waits here, in order, and then all go through in slices.
 */

import type { Clock, Scheduler } from '../disk/environment.ts';

const SLICE_MS = 2;

export class WriteTurnstile {
  readonly #scheduler: Scheduler;
  readonly #clock: Clock;
  readonly #waiting: (() => void)[] = [];
  #next = 0;
  #isLocked = false;
  #isDue = false;

  constructor(scheduler: Scheduler, clock: Clock) {
    this.#scheduler = scheduler;
    this.#clock = clock;
  }

  /** True: go through `wait`. */
  get isClosed(): boolean {
    return this.#isLocked || this.#waiting.length > 0;
  }

  /** Nobody may go through, though it be their turn. */
  get isLocked(): boolean {
    return this.#isLocked;
  }

  /** Waits until it is one's turn, and keeps everyone else out until `unlock`. */
  async enter(): Promise<void> {
    if (!this.isClosed) {
      this.#isLocked = true;
      return;
    }
    await new Promise<void>((resolve) => {
      this.wait(() => {
        this.#isLocked = true;
        resolve();
      });
    });
  }

  /** Keeps everyone out until `unlock`: by who has the turn. */
  lock(): void {
    this.#isLocked = true;
  }

  unlock(): void {
    this.#isLocked = false;
    if (this.#waiting.length > 0) this.#letThroughSoon();
  }

  /** Resolves when nothing waits here. */
  async whenOpen(): Promise<void> {
    while (this.isClosed) await new Promise<void>((resolve) => this.#scheduler.endOfTurn(resolve));
  }

  wait(run: () => void): void {
    this.#waiting.push(run);
    if (!this.#isLocked) this.#letThroughSoon();
  }

  #letThroughSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#scheduler.endOfTurn(() => {
      this.#isDue = false;
      this.#letThrough();
    });
  }

  /** What runs may lock again: the rest stays. */
  #letThrough(): void {
    const deadline = this.#clock.monotonicMs() + SLICE_MS;
    while (!this.#isLocked && this.#next < this.#waiting.length) {
      const run = this.#waiting[this.#next] as () => void;
      this.#next += 1;
      run();
      if (this.#clock.monotonicMs() > deadline) break;
    }
    this.#waiting.splice(0, this.#next);
    this.#next = 0;
    if (this.#waiting.length > 0 && !this.#isLocked) this.#letThroughSoon();
  }
}
