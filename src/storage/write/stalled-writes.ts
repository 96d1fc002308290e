/**
 * What one session asked for after a modify that waits for a value to be read: it runs when that
 * is sequenced, in the order in which it came, so that nothing of the session overtakes it.
 */

import type { Clock, Scheduler } from '../disk/environment.ts';

const SLICE_MS = 2;

export class StalledWrites {
  readonly #scheduler: Scheduler;
  readonly #clock: Clock;
  readonly #work: (() => void)[] = [];
  readonly #onEmpty: () => void;
  #next = 0;
  #isHeld = true;
  /** What waited is being let through: it need not wait again. */
  isRunning = false;

  /** @param onEmpty nothing waits any more */
  constructor(scheduler: Scheduler, clock: Clock, onEmpty: () => void) {
    this.#scheduler = scheduler;
    this.#clock = clock;
    this.#onEmpty = onEmpty;
  }

  push(work: () => void): void {
    this.#work.push(work);
  }

  /** A modify that was let through waits in its turn: the rest stays. */
  hold(): void {
    this.#isHeld = true;
  }

  /** The modify is sequenced: what waits goes through, in slices. */
  release(): void {
    this.#isHeld = false;
    if (!this.isRunning) this.#run();
  }

  #run(): void {
    const deadline = this.#clock.monotonicMs() + SLICE_MS;
    this.isRunning = true;
    while (!this.#isHeld && this.#next < this.#work.length) {
      const work = this.#work[this.#next] as () => void;
      this.#next += 1;
      work();
      if (this.#clock.monotonicMs() > deadline) break;
    }
    this.isRunning = false;
    if (this.#isHeld) return;
    // Until then nothing else can hold it: what comes waits at its end.
    if (this.#next < this.#work.length) this.#scheduler.endOfTurn(() => this.#run());
    else this.#onEmpty();
  }
}
