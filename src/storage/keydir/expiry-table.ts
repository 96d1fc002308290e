/**
 * Which entries expire, and when: a side table, since most entries do not.
 *
 * A binary min-heap of (time, reference) in paged typed arrays, and a map from references to
 * places in the heap. Removal is exact: there is no garbage to rebuild. About 25 bytes per
 * expiring entry. An entry that was popped as due stays, its time readable, at the heap's end.
 */

import { assert } from '../../errors/cask-error.ts';
import { RefMap } from './ref-map.ts';

const PAGE_SHIFT = 12;
const PAGE_ITEMS = 1 << PAGE_SHIFT;
const PAGE_MASK = PAGE_ITEMS - 1;
/** Bytes: time f64 (8) + reference u32 (4). */
const ITEM_BYTES = 8 + 4;
/** Exclusive bound of times, ms since 1970. */
export const EXPIRY_LIMIT = 2 ** 48;
/** Added to the time of what was popped: sorts after all others. */
const POPPED = 2 ** 50;

export class ExpiryTable {
  readonly #times: Float64Array[] = [];
  readonly #refs: Uint32Array[] = [];
  readonly #places = new RefMap();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get bytesUsed(): number {
    return this.#times.length * PAGE_ITEMS * ITEM_BYTES + this.#places.bytesUsed;
  }

  /** Upper bound of what `newEntries` more entries add to `bytesUsed`. */
  growthBytesMax(newEntries: number): number {
    return (newEntries + PAGE_ITEMS) * ITEM_BYTES + this.#places.growthBytesMax(newEntries);
  }

  /** When the entry expires, ms since 1970; 0: it is not in the table. */
  expiresAt(ref: number): number {
    const place = this.#places.get(ref);
    if (place < 0) return 0;
    const time = this.#time(place);
    return time >= POPPED ? time - POPPED : time;
  }

  /** Adds the entry or changes its time; it counts as not popped. */
  set(ref: number, expiresAt: number): void {
    assert(expiresAt > 0 && expiresAt < EXPIRY_LIMIT, 'range of an expiry');
    const place = this.#places.get(ref);
    if (place >= 0) {
      this.#settle(place, expiresAt, ref);
      return;
    }
    const last = this.#count;
    const page = last >>> PAGE_SHIFT;
    if (page === this.#times.length) {
      this.#times.push(new Float64Array(new SharedArrayBuffer(PAGE_ITEMS * 8)));
      this.#refs.push(new Uint32Array(new SharedArrayBuffer(PAGE_ITEMS * 4)));
    }
    this.#count++;
    this.#siftUp(last, expiresAt, ref);
  }

  /** False: the entry is not in the table. */
  remove(ref: number): boolean {
    const place = this.#places.get(ref);
    if (place < 0) return false;
    this.#places.remove(ref);
    const last = this.#count - 1;
    this.#count = last;
    if (place !== last) this.#settle(place, this.#time(last), this.#ref(last));
    const pagesNeeded = (last >>> PAGE_SHIFT) + 2; // one to spare, against flapping
    if (this.#times.length > pagesNeeded) {
      this.#times.pop();
      this.#refs.pop();
    }
    return true;
  }

  /** The entry is known by another reference from now on. */
  rename(from: number, to: number): void {
    const place = this.#places.get(from);
    if (place < 0) return;
    this.#places.remove(from);
    this.#put(place, this.#time(place), to);
  }

  /**
   * The entry that expired first, at or before `now`, and was not popped before; 0: none.
   * It stays in the table until it is removed.
   */
  popDue(now: number): number {
    if (this.#count === 0) return 0;
    const time = this.#time(0);
    if (time > now || time >= POPPED) return 0;
    const ref = this.#ref(0);
    this.#siftDown(0, time + POPPED, ref);
    return ref;
  }

  /** The first expiry of an entry that was not popped, ms since 1970; 0: there is none. */
  nextExpiry(): number {
    if (this.#count === 0) return 0;
    const time = this.#time(0);
    return time >= POPPED ? 0 : time;
  }

  #time(place: number): number {
    return (this.#times[place >>> PAGE_SHIFT] as Float64Array)[place & PAGE_MASK] as number;
  }

  #ref(place: number): number {
    return (this.#refs[place >>> PAGE_SHIFT] as Uint32Array)[place & PAGE_MASK] as number;
  }

  #put(place: number, time: number, ref: number): void {
    (this.#times[place >>> PAGE_SHIFT] as Float64Array)[place & PAGE_MASK] = time;
    (this.#refs[place >>> PAGE_SHIFT] as Uint32Array)[place & PAGE_MASK] = ref;
    this.#places.set(ref, place);
  }

  /** Puts an item where the one at `place` was, then wherever order wants it. */
  #settle(place: number, time: number, ref: number): void {
    if (place > 0 && this.#time((place - 1) >>> 1) > time) this.#siftUp(place, time, ref);
    else this.#siftDown(place, time, ref);
  }

  #siftUp(from: number, time: number, ref: number): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >>> 1;
      const parentTime = this.#time(parent);
      if (parentTime <= time) break;
      this.#put(place, parentTime, this.#ref(parent));
      place = parent;
    }
    this.#put(place, time, ref);
  }

  #siftDown(from: number, time: number, ref: number): void {
    let place = from;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= this.#count) break;
      let childTime = this.#time(child);
      if (child + 1 < this.#count && this.#time(child + 1) < childTime) {
        child++;
        childTime = this.#time(child);
      }
      if (childTime >= time) break;
      this.#put(place, childTime, this.#ref(child));
      place = child;
    }
    this.#put(place, time, ref);
  }
}
