/**
 * Turns of the event loop shared by pages. However many are asked for at once, they work for a
 * slice in one turn of the loop; those beyond stand in line, and one goes on in each turn.
 */

import type { Scheduler } from '../disk/environment.ts';

/** How long pages work at a stretch, and all of them together in one turn of the loop, about. */
export const SLICE_MS = 2;

export class PageTurns {
  readonly #scheduler: Scheduler;
  #line: (() => void)[] = [];
  #spentMs = 0;
  #isScheduled = false;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Has the next page to stand in line? */
  get mustWait(): boolean {
    return this.#spentMs >= SLICE_MS || this.#line.length > 0;
  }

  /** Stands in line; resolves when it is the caller's turn. */
  next(): Promise<void> {
    this.#schedule();
    return new Promise((resolve) => this.#line.push(resolve));
  }

  /** A page has worked for so long. */
  spend(ms: number): void {
    this.#spentMs += ms;
    if (this.mustWait) this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#scheduler.endOfTurn(this.#newTurn);
  }

  readonly #newTurn = (): void => {
    this.#isScheduled = false;
    this.#spentMs = 0;
    this.#line.shift()?.();
    if (this.#line.length > 0) this.#schedule();
  };
}
