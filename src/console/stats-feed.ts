/** Asks for /v1/stats each second while somebody looks, and keeps the last minutes. */

import { type Api, ApiError } from './api.ts';
import { type Rates, ratesBetween, type Sample, type Stats } from './stats.ts';

const INTERVAL_MS = 1000;
/** Five minutes. */
export const HISTORY_SAMPLES = 300;

/** A sample, and what happened since the one before. */
export interface Point extends Sample {
  /** Undefined: of the first. */
  readonly rates: Rates | undefined;
}

export class StatsFeed {
  readonly points: Point[] = [];
  readonly #api: Api;
  readonly #listeners: ((point: Point) => void)[] = [];
  #timer: number | undefined;
  #isAsking = false;
  /** Undefined: the last answer was a good one. */
  onTrouble: (error: ApiError | undefined) => void = () => {};

  constructor(api: Api) {
    this.#api = api;
    document.addEventListener('visibilitychange', () => {
      if (this.#timer !== undefined && !document.hidden) void this.ask();
    });
  }

  listen(listener: (point: Point) => void): void {
    this.#listeners.push(listener);
  }

  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = window.setInterval(() => {
      if (!document.hidden) void this.ask();
    }, INTERVAL_MS);
    void this.ask();
  }

  stop(): void {
    window.clearInterval(this.#timer);
    this.#timer = undefined;
    this.points.length = 0;
  }

  /** One at a time: a daemon that is slow is not asked the more. */
  async ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      const stats = await this.#api.json<Stats>('/v1/stats');
      if (this.#timer === undefined) return;
      this.#add({ atMs: Date.now(), stats });
      this.onTrouble(undefined);
    } catch (thrown) {
      if (thrown instanceof ApiError) this.onTrouble(thrown);
      else throw thrown;
    } finally {
      this.#isAsking = false;
    }
  }

  #add(sample: Sample): void {
    const before = this.points.at(-1);
    const rates = before === undefined ? undefined : ratesBetween(before, sample);
    const point = { ...sample, rates };
    this.points.push(point);
    if (this.points.length > HISTORY_SAMPLES) this.points.shift();
    for (const listener of this.#listeners) listener(point);
  }
}
