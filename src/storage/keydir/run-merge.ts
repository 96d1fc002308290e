/** Merges sorted runs of references into one ascending stream, in slices. */

import type { EntryBlocks } from './entry-blocks.ts';
import type { LoadRuns } from './load-runs.ts';

/**
 * A heap over the runs. Each run's next key is compared by the 8 bytes after the prefix that
 * all keys share (fewer leave many equal among millions of decimal numbers); entries are looked at
 * only where these are equal. Dead entries are passed over; one that died after it entered the
 * heap must still hold its key.
 */
export class RunMerge {
  readonly #entries: EntryBlocks;
  readonly #runs: LoadRuns;
  /** Of each run: the place of its next reference, that reference, and both halves of its head. */
  readonly #places: Uint32Array;
  readonly #refs: Uint32Array;
  readonly #heads: Uint32Array;
  readonly #lowHeads: Uint32Array;
  /** Numbers of runs, as a binary min-heap. */
  readonly #heap: Uint32Array;
  #heapSize = 0;
  #measured = 0;
  #opened = 0;
  #prefix = Number.POSITIVE_INFINITY;

  constructor(entries: EntryBlocks, runs: LoadRuns) {
    this.#entries = entries;
    this.#runs = runs;
    const count = runs.starts.length;
    this.#places = Uint32Array.from(runs.starts);
    this.#refs = new Uint32Array(count);
    this.#heads = new Uint32Array(count);
    this.#lowHeads = new Uint32Array(count);
    this.#heap = new Uint32Array(count);
  }

  /** Prepares the heap; returns the budget left, 0 if more is to do. */
  openStep(budget: number): number {
    const count = this.#places.length;
    let left = budget;
    for (; this.#measured < count; this.#measured++) {
      if (left-- <= 0) return 0;
      this.#measurePrefix(this.#measured);
    }
    for (; this.#opened < count; this.#opened++) {
      if (left-- <= 0) return 0;
      if (!this.#load(this.#opened)) continue;
      this.#heap[this.#heapSize] = this.#opened;
      this.#siftUp(this.#heapSize++);
    }
    return Math.max(left, 1);
  }

  /** The live entry with the next key; 0: there is none. */
  next(): number {
    while (this.#heapSize > 0) {
      const run = this.#heap[0] as number;
      const ref = this.#refs[run] as number;
      if (!this.#load(run)) {
        this.#heapSize--;
        this.#heap[0] = this.#heap[this.#heapSize] as number;
      }
      this.#siftDown();
      if (!this.#entries.isDead(ref)) return ref;
    }
    return 0;
  }

  #measurePrefix(run: number): void {
    const refs = this.#runs.refs;
    const first = refs.get(this.#runs.starts[0] as number);
    const low = refs.get(this.#runs.starts[run] as number);
    const high = refs.get((this.#runs.ends[run] as number) - 1);
    this.#prefix = this.#entries.commonPrefix(first, low, this.#prefix);
    this.#prefix = this.#entries.commonPrefix(first, high, this.#prefix);
  }

  /** Takes the run's next live reference; false: it has none. */
  #load(run: number): boolean {
    const entries = this.#entries;
    const end = this.#runs.ends[run] as number;
    let place = this.#places[run] as number;
    while (place < end) {
      const ref = this.#runs.refs.get(place++);
      if (!entries.takeHeads(ref, this.#prefix, this.#heads, this.#lowHeads, run)) continue;
      this.#refs[run] = ref;
      this.#places[run] = place;
      return true;
    }
    this.#places[run] = place;
    return false;
  }

  #isBelow(left: number, right: number): boolean {
    const leftHead = this.#heads[left] as number;
    const rightHead = this.#heads[right] as number;
    if (leftHead !== rightHead) return leftHead < rightHead;
    const leftLow = this.#lowHeads[left] as number;
    const rightLow = this.#lowHeads[right] as number;
    if (leftLow !== rightLow) return leftLow < rightLow;
    const entries = this.#entries;
    const ref = this.#refs[right] as number;
    const buffer = entries.keyBuffer(ref);
    const order = entries.compare(
      this.#refs[left] as number,
      this.#prefix,
      buffer,
      entries.keyStart(ref),
      entries.keyLength(ref),
    );
    return order < 0;
  }

  #siftUp(from: number): void {
    const heap = this.#heap;
    const run = heap[from] as number;
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >>> 1;
      if (!this.#isBelow(run, heap[parent] as number)) break;
      heap[place] = heap[parent] as number;
      place = parent;
    }
    heap[place] = run;
  }

  #siftDown(): void {
    const heap = this.#heap;
    const size = this.#heapSize;
    const run = heap[0] as number;
    let place = 0;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= size) break;
      if (child + 1 < size && this.#isBelow(heap[child + 1] as number, heap[child] as number)) {
        child++;
      }
      if (!this.#isBelow(heap[child] as number, run)) break;
      heap[place] = heap[child] as number;
      place = child;
    }
    heap[place] = run;
  }
}
