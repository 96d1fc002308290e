/**
 * The latencies of one operation since the start, and of the last 10 to 20 seconds: the recent
 * ones are what came since a copy that is renewed every 10 seconds, so that recording costs
 * nothing more for them.
 */

import { DurationHistogram, type DurationSummary } from '../vocabulary/duration-histogram.ts';

export class RecentLatency {
  readonly total = new DurationHistogram();
  /** As `total` was at the last two renewals; the window begins with the older one. */
  #older = new DurationHistogram();
  #newer = new DurationHistogram();
  /** The longest since the last renewal, and between the last two. */
  #maxMs = 0;
  #maxMsBefore = 0;

  record(ms: number, times: number): void {
    this.total.record(ms, times);
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  /** Moves the window on. */
  renew(): void {
    const spare = this.#older;
    this.#older = this.#newer;
    this.#newer = spare;
    spare.copyFrom(this.total);
    this.#maxMsBefore = this.#maxMs;
    this.#maxMs = 0;
  }

  recent(): DurationSummary {
    const maxMs = Math.max(this.#maxMs, this.#maxMsBefore);
    return this.total.since(this.#older, maxMs).summary();
  }
}
