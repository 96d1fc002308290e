/** Fills pages from the sorted index: keys and locations within one turn. */

import type { Keydir } from '../keydir/keydir.ts';
import { FETCH_MAX } from '../keydir/keydir-tables.ts';
import { PageCapture } from './page-capture.ts';
import { type RangeBounds, seekStart } from './range-bounds.ts';

export class RangeWalk {
  readonly #keydir: Keydir;
  readonly #maxRangeBytes: number;
  readonly #now: () => number;
  readonly #refs = new Uint32Array(FETCH_MAX);

  constructor(keydir: Keydir, maxRangeBytes: number, now: () => number) {
    this.#keydir = keydir;
    this.#maxRangeBytes = maxRangeBytes;
    this.#now = now;
  }

  /** The first page of the range into an empty capture, all of its locations within this turn. */
  capture(page: PageCapture, bounds: RangeBounds): void {
    const { isReverse, limit } = bounds;
    const time = this.#now();
    const refs = this.#refs;
    const keydir = this.#keydir;
    const cursor = keydir.newCursor();
    page.isKeysOnly = bounds.isKeysOnly;
    page.isContinued = bounds.isContinued;
    if (seekStart(cursor, bounds) === 0) return;
    for (;;) {
      // one more than it takes, to see whether keys follow
      const wanted = Math.min(FETCH_MAX, limit - page.count + 1);
      const count = cursor.take(refs, wanted, isReverse);
      keydir.fetchEntries(refs, count);
      const within = this.#countWithin(count, bounds);
      if (this.#addAll(page, within, limit, time)) return;
      if (within < count || count < wanted) return;
    }
  }

  /** How many of the references are within the far bound. */
  #countWithin(count: number, bounds: RangeBounds): number {
    let within = count;
    while (within > 0 && this.#isBeyond(this.#refs[within - 1] as number, bounds)) within -= 1;
    return within;
  }

  /** @returns true: the page is full, and more follows */
  #addAll(page: PageCapture, count: number, limit: number, time: number): boolean {
    const keydir = this.#keydir;
    for (let index = 0; index < count; index += 1) {
      const ref = this.#refs[index] as number;
      const expiresAt = keydir.expiresAt(ref);
      if (expiresAt !== 0 && expiresAt <= time) continue;
      const bytes = page.isKeysOnly ? keydir.keyLength(ref) : PageCapture.entryBytes(keydir, ref);
      const isTooMuch = page.count > 0 && page.bytes + bytes > this.#maxRangeBytes;
      if (page.count >= limit || isTooMuch) {
        page.more = true;
        return true;
      }
      page.add(keydir, ref, bytes, expiresAt);
    }
    return false;
  }

  #isBeyond(ref: number, bounds: RangeBounds): boolean {
    const { low, high, isReverse, isLowExclusive } = bounds;
    const keydir = this.#keydir;
    if (!isReverse) return high !== undefined && keydir.compareKey(ref, high, 0, high.length) >= 0;
    if (low === undefined) return false;
    const order = keydir.compareKey(ref, low, 0, low.length);
    return isLowExclusive ? order <= 0 : order < 0;
  }
}
