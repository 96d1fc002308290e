/**
 * Counts the keys of an interval without looking at them: leaf by leaf, and of the two leaves at
 * the ends only what lies within. A count of millions goes over several turns; what is added and
 * removed meanwhile behind it is told to it (`Keydir.watch`), so that the number is exact as of
 * the moment when it ends.
 */

import type { Clock } from '../disk/environment.ts';
import type { EntryBlocks } from './entry-blocks.ts';
import { isEmptyInterval, type KeyBounds } from './key-bounds.ts';
import type { SortedIndex } from './sorted-index.ts';

const SLICE_MS = 1;
/** The clock is looked at every so many leaves of the index. */
const LEAVES_PER_LOOK = 64;

export class RangeTally {
  /** Keys counted so far. */
  count = 0;
  #index: SortedIndex;
  #entries: EntryBlocks;
  readonly #bounds: KeyBounds;
  /** The last key counted; undefined: none was, or all are. */
  #passed: Buffer | undefined;
  #isDone: boolean;

  constructor(index: SortedIndex, entries: EntryBlocks, bounds: KeyBounds) {
    this.#index = index;
    this.#entries = entries;
    this.#bounds = bounds;
    this.#isDone = isEmptyInterval(bounds);
  }

  /** Counts on for about a millisecond, some million keys; true when all is counted. */
  slice(clock: Clock): boolean {
    const deadline = clock.monotonicMs() + SLICE_MS;
    while (!this.step(LEAVES_PER_LOOK)) if (clock.monotonicMs() > deadline) return false;
    return true;
  }

  /** Counts on over so many leaves (about 20 ns each); true when all is counted. */
  step(leavesMax: number): boolean {
    if (this.#isDone) return true;
    const { leaves } = this.#index;
    const { high } = this.#bounds;
    const lastLeaf = high === undefined ? 0 : this.#index.leafFor(high, 0, high.length);
    let leaf = this.#firstLeaf();
    let place = this.#firstPlace(leaf);
    // The leaf where it goes on may have been counted whole: that alone would be no progress.
    const leavesToPass = leavesMax + (this.#passed === undefined ? 0 : 1);
    for (let left = leavesToPass; leaf !== 0; left -= 1) {
      if (high !== undefined && leaf === lastLeaf) {
        this.count += leaves.search(leaf, high, 0, high.length) - place;
        break;
      }
      this.count += leaves.count(leaf) - place;
      place = 0;
      const next = leaves.next(leaf);
      if (left <= 1 && next !== 0) {
        this.#passed = this.#lastKeyOf(leaf);
        return false;
      }
      leaf = next;
    }
    this.#passed = undefined;
    this.#isDone = true;
    return true;
  }

  /** All keys are gone, and from now on others come to another index. */
  cleared(index: SortedIndex, entries: EntryBlocks): void {
    this.#index = index;
    this.#entries = entries;
    this.count = 0;
    this.#passed = undefined;
    this.#isDone = true;
  }

  /** A key was added to the index. */
  added(ref: number): void {
    if (this.#isBehind(ref)) this.count += 1;
  }

  /** A key is being removed from the index. */
  removed(ref: number): void {
    if (this.#isBehind(ref)) this.count -= 1;
  }

  /** The leaf where the count goes on. */
  #firstLeaf(): number {
    const from = this.#passed ?? this.#bounds.low;
    if (from === undefined) return this.#index.firstLeaf();
    return this.#index.leafFor(from, 0, from.length);
  }

  /** The first place in it that was not counted and belongs to the interval. */
  #firstPlace(leaf: number): number {
    const from = this.#passed ?? this.#bounds.low;
    if (from === undefined || leaf === 0) return 0;
    const { leaves } = this.#index;
    const place = leaves.search(leaf, from, 0, from.length);
    return this.#passed !== undefined && leaves.exact ? place + 1 : place;
  }

  #lastKeyOf(leaf: number): Buffer {
    const { leaves } = this.#index;
    const ref = leaves.refAt(leaf, leaves.count(leaf) - 1);
    const key = Buffer.allocUnsafe(this.#entries.keyLength(ref));
    this.#entries.copyKey(ref, key, 0);
    return key;
  }

  /** Whether the key lies within the interval, and where the count has been already. */
  #isBehind(ref: number): boolean {
    const { low, high } = this.#bounds;
    if (low !== undefined && this.#compare(ref, low) < 0) return false;
    if (high !== undefined && this.#compare(ref, high) >= 0) return false;
    if (this.#isDone) return true;
    return this.#passed !== undefined && this.#compare(ref, this.#passed) <= 0;
  }

  #compare(ref: number, key: Uint8Array): number {
    return this.#entries.compare(ref, 0, key, 0, key.length);
  }
}
