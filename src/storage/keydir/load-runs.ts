/**
 * The runs of a load: the references of keys that were new in each hint file or segment.
 *
 * A hint's keys come in order, so its run is sorted. A replayed log's do not: its run is later
 * cut into blocks that are sorted one at a time, each of them a run for the merge.
 */

import type { EntryBlocks } from './entry-blocks.ts';
import { RefVector } from './ref-vector.ts';

/** Sorting this many takes about a millisecond. */
const BLOCK_REFS = 1024;
/** Budget for each reference of a block that is sorted, against 1 for one that is merged. */
const SORT_COST = 4;

export class LoadRuns {
  readonly refs = new RefVector();
  /** Run i is `refs[starts[i], ends[i])`, ascending by key once `sortStep` is through. */
  readonly starts: number[] = [];
  readonly ends: number[] = [];
  readonly #entries: EntryBlocks;
  /** Where unsorted runs begin and end; taken from the end. */
  readonly #unsortedStarts: number[] = [];
  readonly #unsortedEnds: number[] = [];
  readonly #scratch = new Uint32Array(BLOCK_REFS);
  #start = 0;
  #isAscending = false;
  #isSorted = true;
  #last = 0;

  constructor(entries: EntryBlocks) {
    this.#entries = entries;
  }

  /** `isAscending`: the caller has seen that the keys are in order, and vouches for it. */
  begin(isAscending: boolean): void {
    this.#start = this.refs.length;
    this.#isAscending = isAscending;
    this.#isSorted = true;
    this.#last = 0;
  }

  add(ref: number): void {
    this.refs.push(ref);
    if (this.#isAscending || !this.#isSorted) return;
    if (this.#last !== 0 && compareEntries(this.#entries, this.#last, ref) > 0) {
      this.#isSorted = false;
    }
    this.#last = ref;
  }

  /** Adds so many in this order; zeros are passed over. */
  addAll(refs: Uint32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const ref = refs[i] as number;
      if (ref !== 0) this.add(ref);
    }
  }

  end(): void {
    if (this.refs.length === this.#start) return;
    (this.#isSorted ? this.starts : this.#unsortedStarts).push(this.#start);
    (this.#isSorted ? this.ends : this.#unsortedEnds).push(this.refs.length);
  }

  /** Sorts what came unsorted, block by block; returns the budget left, 0 if more is to do. */
  sortStep(budget: number): number {
    let left = budget;
    while (this.#unsortedStarts.length > 0) {
      if (left <= 0) return 0;
      const last = this.#unsortedStarts.length - 1;
      const start = this.#unsortedStarts[last] as number;
      const runEnd = this.#unsortedEnds[last] as number;
      const end = Math.min(start + BLOCK_REFS, runEnd);
      this.#sortBlock(start, end);
      left -= (end - start) * SORT_COST;
      this.#unsortedStarts[last] = end;
      if (end < runEnd) continue;
      this.#unsortedStarts.pop();
      this.#unsortedEnds.pop();
    }
    return Math.max(left, 1);
  }

  #sortBlock(start: number, end: number): void {
    const block = this.#scratch.subarray(0, end - start);
    for (let i = 0; i < block.length; i++) block[i] = this.refs.get(start + i);
    block.sort((left, right) => compareEntries(this.#entries, left, right));
    for (let i = 0; i < block.length; i++) this.refs.set(start + i, block[i] as number);
    this.starts.push(start);
    this.ends.push(end);
  }
}

function compareEntries(entries: EntryBlocks, left: number, right: number): number {
  const buffer = entries.keyBuffer(right);
  return entries.compare(left, 0, buffer, entries.keyStart(right), entries.keyLength(right));
}
