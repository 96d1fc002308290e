/** Lets so many begin a second, evenly; who comes late begins at once, until it has caught up. */

import { setTimeout as delay } from 'node:timers/promises';

export class Pace {
  readonly #everyMs: number;
  #nextMs = performance.now();

  constructor(perSecond: number) {
    this.#everyMs = 1000 / perSecond;
  }

  async turn(): Promise<void> {
    const atMs = this.#nextMs;
    this.#nextMs += this.#everyMs;
    const waitMs = atMs - performance.now();
    if (waitMs > 0) await delay(waitMs);
  }
}
