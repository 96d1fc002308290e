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
  /** Sent before all of `#work`. */
  #returned: (() => void)[] = [];
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

  /**
   * For a write that was let through, waited elsewhere and is back: while a modify is waited for
   * or others are back before it, it goes before all that has never been let through.
   * @returns false: nothing is before it, it need not wait
   */
  pushReturned(work: () => void): boolean {
    if (!this.#isHeld && this.#returned.length === 0) return false;
    this.#returned.push(work);
    return true;
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
    while (!this.#isHeld && this.#waits) {
      this.#take()();
      if (this.#clock.monotonicMs() > deadline) break;
    }
    this.isRunning = false;
    if (this.#isHeld) return;
    // Until then nothing else can hold it: what comes waits at its end.
    if (this.#waits) this.#scheduler.endOfTurn(() => this.#run());
    else this.#onEmpty();
  }

  get #waits(): boolean {
    return this.#returned.length > 0 || this.#next < this.#work.length;
  }

  /** The next in the order in which the session sent them. */
  #take(): () => void {
    // Few at a time are back: as many as one slice of the turnstile lets through.
    const returned = this.#returned.shift();
    if (returned !== undefined) return returned;
    this.#next += 1;
    return this.#work[this.#next - 1] as () => void;
  }
}
