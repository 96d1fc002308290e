/**
 * How far back merges must keep history: the highest sequence that was committed at least
 * `retainHistoryMs` ago. What a write up to it superseded may go; what a later one did stays.
 *
 * Times ascend with sequences. So two things tell what had been committed by some time: sealed
 * segments, by the time of their last record, and samples taken while the store is open, which
 * are finer. The answer may be too low, never too high.
 */

import type { SegmentCatalog } from '../log/segment-catalog.ts';

/** Nothing is kept for history. */
export const NO_HISTORY: number = Number.MAX_SAFE_INTEGER;

/** Samples that cover the time of the retention: how fine the answer is. */
const SAMPLES = 64;

/** Every write up to `sequence` had been committed by `ms`. */
export interface Committed {
  readonly sequence: number;
  readonly ms: number;
}

export class HistoryHorizon {
  readonly #catalog: SegmentCatalog;
  readonly #retainMs: () => number;
  /** Both numbers ascend. At most one is older than the retention. */
  readonly #samples: Committed[] = [];

  /** @param retainMs 0: nothing is kept for history */
  constructor(catalog: SegmentCatalog, retainMs: () => number) {
    this.#catalog = catalog;
    this.#retainMs = retainMs;
  }

  get isKept(): boolean {
    return this.#retainMs() > 0;
  }

  /** To be called now and then: everything up to `sequence` is committed at `ms`. */
  note(ms: number, sequence: number): void {
    const retainMs = this.#retainMs();
    const samples = this.#samples;
    if (retainMs === 0) {
      samples.length = 0;
      return;
    }
    while (samples[1] !== undefined && samples[1].ms <= ms - retainMs) samples.shift();
    const last = samples.at(-1);
    if (sequence === last?.sequence) return;
    if (last === undefined || ms - last.ms >= retainMs / SAMPLES) samples.push({ sequence, ms });
  }

  /** What is older than the retention at `ms`, which no sequence is above when nothing is kept. */
  at(ms: number): Committed {
    if (!this.isKept) return { sequence: NO_HISTORY, ms };
    const limit = ms - this.#retainMs();
    let latest: Committed = { sequence: 0, ms: 0 };
    for (const sample of this.#samples) {
      if (sample.ms <= limit && sample.sequence > latest.sequence) latest = sample;
    }
    for (const { last: sequence, latestUpdatedAt } of this.#catalog.sealed()) {
      const isOlder = latestUpdatedAt <= limit;
      if (isOlder && sequence > latest.sequence) latest = { sequence, ms: latestUpdatedAt };
    }
    return latest;
  }
}
