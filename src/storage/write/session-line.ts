/**
 * What one session asked for and cannot have at once, in the order in which it came: behind a
 * batch that is being sequenced, its own or another's, or behind a modify of its own that waits
 * for a value. All that the session asks for goes to the end of its line while there is one, so
 * that nothing overtakes anything; the lines of different sessions take turns at the turnstile.
 */

import type { Clock } from '../disk/environment.ts';
import type { WriteTurnstile } from './write-turnstile.ts';

const SLICE_MS = 2;
/** So many that are done are not forgotten before all are. */
const DONE_MAX = 1000;

interface Waiting {
  readonly isRead: boolean;
  readonly run: () => void;
}

export class SessionLine {
  readonly #turnstile: WriteTurnstile;
  readonly #clock: Clock;
  readonly #onEmpty: () => void;
  readonly #waiting: Waiting[] = [];
  #next = 0;
  #isHeld = false;
  #isRunning = false;
  /** It stands at the turnstile. */
  #isQueued = false;
  readonly #onTurn = (): void => {
    this.#isQueued = false;
    this.#run(true);
  };

  /** @param onEmpty nothing waits any more */
  constructor(turnstile: WriteTurnstile, clock: Clock, onEmpty: () => void) {
    this.#turnstile = turnstile;
    this.#clock = clock;
    this.#onEmpty = onEmpty;
  }

  /** @param isRead it does not wait for batches of others */
  push(isRead: boolean, run: () => void): void {
    this.#waiting.push({ isRead, run });
    if (!this.#isHeld && !this.#isRunning && !this.#isQueued) this.#run(false);
  }

  /** What is underway (a modify, a batch) goes on for turns: the rest waits until `release`. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    if (!this.#isRunning && !this.#isQueued) this.#run(false);
  }

  #forgetDone(): void {
    if (this.#next < DONE_MAX) return;
    this.#waiting.splice(0, this.#next);
    this.#next = 0;
  }

  /** @param hasTurn the turnstile let it through: others may wait there */
  #run(hasTurn: boolean): void {
    const deadline = this.#clock.monotonicMs() + SLICE_MS;
    const turnstile = this.#turnstile;
    this.#isRunning = true;
    while (!this.#isHeld && this.#next < this.#waiting.length) {
      const { isRead, run } = this.#waiting[this.#next] as Waiting;
      const isShut = hasTurn ? turnstile.isLocked : turnstile.isClosed;
      if (isShut && !isRead) break;
      this.#next += 1;
      run();
      if (this.#clock.monotonicMs() > deadline) break;
    }
    this.#isRunning = false;
    if (this.#isHeld) {
      this.#forgetDone();
      return;
    }
    if (this.#next === this.#waiting.length) {
      this.#onEmpty();
      return;
    }
    this.#forgetDone();
    this.#isQueued = true;
    turnstile.wait(this.#onTurn);
  }
}
