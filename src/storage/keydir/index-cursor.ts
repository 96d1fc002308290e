/** A place in the sorted index: seeks, and steps both ways without allocating. */

import type { SortedIndex } from './sorted-index.ts';

/** Which entry a seek finds: the first at or after, or after, a key; the last before, or at or before, it. */
export type SeekMode = 'atOrAfter' | 'after' | 'before' | 'atOrBefore';

/**
 * All methods return a reference, or 0 beyond either end. Valid until the index changes: within
 * one turn of the event loop, and only while nothing is inserted, removed or compacted.
 */
export class IndexCursor {
  readonly #index: SortedIndex;
  /** 0: beyond an end. */
  #leaf = 0;
  #place = 0;

  constructor(index: SortedIndex) {
    this.#index = index;
  }

  /** Goes to the entry that `mode` says, seen from `buffer[start, start + length)`. */
  seek(buffer: Uint8Array, start: number, length: number, mode: SeekMode): number {
    const leaves = this.#index.leaves;
    this.#leaf = this.#index.leafFor(buffer, start, length);
    if (this.#leaf === 0) return 0;
    const place = leaves.search(this.#leaf, buffer, start, length);
    const isExact = leaves.exact;
    if (mode === 'atOrAfter' || mode === 'after') {
      this.#place = mode === 'after' && isExact ? place + 1 : place;
      return this.#settleForward();
    }
    this.#place = mode === 'atOrBefore' && isExact ? place : place - 1;
    return this.#settleBackward();
  }

  /** Goes to the first entry. */
  first(): number {
    this.#leaf = this.#index.firstLeaf();
    this.#place = 0;
    return this.#leaf === 0 ? 0 : this.#settleForward();
  }

  /** Goes to the last entry. */
  last(): number {
    this.#leaf = this.#index.lastLeaf();
    if (this.#leaf === 0) return 0;
    this.#place = this.#index.leaves.count(this.#leaf) - 1;
    return this.#settleBackward();
  }

  /** Goes to the next entry in order. Beyond an end it stays there. */
  next(): number {
    if (this.#leaf === 0) return 0;
    this.#place++;
    return this.#settleForward();
  }

  /**
   * Takes references from the place on and goes behind them, backwards if `isReverse`.
   * @returns how many: fewer than `count` only where the end is reached
   */
  take(refs: Uint32Array, count: number, isReverse: boolean): number {
    const leaves = this.#index.leaves;
    let taken = 0;
    while (taken < count && this.#leaf !== 0) {
      const here = isReverse ? this.#place + 1 : leaves.count(this.#leaf) - this.#place;
      const step = Math.min(here, count - taken);
      for (let index = 0; index < step; index++) {
        const place = isReverse ? this.#place - index : this.#place + index;
        refs[taken + index] = leaves.refAt(this.#leaf, place);
      }
      taken += step;
      this.#place += isReverse ? -step : step;
      if (isReverse) this.#settleBackward();
      else this.#settleForward();
    }
    return taken;
  }

  /** Goes to the entry before. Beyond an end it stays there. */
  previous(): number {
    if (this.#leaf === 0) return 0;
    this.#place--;
    return this.#settleBackward();
  }

  #settleForward(): number {
    const leaves = this.#index.leaves;
    if (this.#place >= leaves.count(this.#leaf)) {
      this.#leaf = leaves.next(this.#leaf);
      this.#place = 0;
      if (this.#leaf === 0) return 0;
    }
    return leaves.refAt(this.#leaf, this.#place);
  }

  #settleBackward(): number {
    const leaves = this.#index.leaves;
    if (this.#place < 0) {
      this.#leaf = leaves.previous(this.#leaf);
      if (this.#leaf === 0) return 0;
      this.#place = leaves.count(this.#leaf) - 1;
    }
    return leaves.refAt(this.#leaf, this.#place);
  }
}
