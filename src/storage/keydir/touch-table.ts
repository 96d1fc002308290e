/**
 * Which entries were touched since their value was put: a side table, since few are. The entry
 * itself has the revision and expiry of the touch, and the place of the put; here is what belongs
 * to the touch's own record, and what tells the put.
 *
 * Rows in paged typed arrays, a list of free ones, and a map from references to rows: about 40
 * bytes for each touched entry.
 */

import { RefMap } from './ref-map.ts';

const PAGE_SHIFT = 10;
const PAGE_ROWS = 1 << PAGE_SHIFT;
const PAGE_MASK = PAGE_ROWS - 1;
/** Bytes: value sequence f64 (8) + updatedAt f64 (8) + slot u32 (4) + record bytes u32 (4). */
const ROW_BYTES = 8 + 8 + 4 + 4;
/** Bits beside the slot, which has 16. */
const VALUE_EXPIRES = 0x1_0000;
const VALUE_MISSING = 0x2_0000;
const SLOT_MASK = 0xffff;
const NO_ROW = -1;

export class TouchTable {
  readonly #numbers: Float64Array[] = [];
  readonly #words: Uint32Array[] = [];
  readonly #rows = new RefMap();
  /** The first free row, each of which names the next; NO_ROW: there is none. */
  #free = NO_ROW;
  #used = 0;
  count = 0;

  get bytesUsed(): number {
    return this.#numbers.length * PAGE_ROWS * ROW_BYTES + this.#rows.bytesUsed;
  }

  /** Upper bound of what `newEntries` more entries add to `bytesUsed`. */
  growthBytesMax(newEntries: number): number {
    return (newEntries + PAGE_ROWS) * ROW_BYTES + this.#rows.growthBytesMax(newEntries);
  }

  /** The row of the entry; below 0: it was not touched. Valid until an entry is added or removed. */
  rowOf(ref: number): number {
    return this.count === 0 ? NO_ROW : this.#rows.get(ref);
  }

  /** A row for an entry that has none. */
  add(ref: number): number {
    const row = this.#takeRow();
    this.#rows.set(ref, row);
    this.count += 1;
    return row;
  }

  /** False: the entry was not touched. */
  remove(ref: number): boolean {
    const row = this.rowOf(ref);
    if (row < 0) return false;
    this.#rows.remove(ref);
    this.#setNumber(row, 0, this.#free);
    this.#free = row;
    this.count -= 1;
    return true;
  }

  /** The entry is known by another reference from now on. */
  rename(from: number, to: number): void {
    const row = this.rowOf(from);
    if (row < 0) return;
    this.#rows.remove(from);
    this.#rows.set(to, row);
  }

  /** The touch's own record, and when it was. */
  setTouch(row: number, slot: number, recordBytes: number, updatedAt: number): void {
    this.#setWord(row, 0, (this.#word(row, 0) & ~SLOT_MASK) | slot);
    this.#setWord(row, 1, recordBytes);
    this.#setNumber(row, 1, updatedAt);
  }

  /** The put that has the value; while it is missing, the lowest sequence that it may have. */
  setValue(row: number, sequence: number, expires: boolean, isMissing: boolean): void {
    const flags = (expires ? VALUE_EXPIRES : 0) | (isMissing ? VALUE_MISSING : 0);
    this.#setNumber(row, 0, sequence);
    this.#setWord(row, 0, (this.#word(row, 0) & SLOT_MASK) | flags);
  }

  valueSequence(row: number): number {
    return this.#number(row, 0);
  }

  /** The put's record has an expiry, which is no longer that of the entry. */
  valueExpires(row: number): boolean {
    return (this.#word(row, 0) & VALUE_EXPIRES) !== 0;
  }

  /** The put was not found (yet). */
  isValueMissing(row: number): boolean {
    return (this.#word(row, 0) & VALUE_MISSING) !== 0;
  }

  slot(row: number): number {
    return this.#word(row, 0) & SLOT_MASK;
  }

  recordBytes(row: number): number {
    return this.#word(row, 1);
  }

  updatedAt(row: number): number {
    return this.#number(row, 1);
  }

  #takeRow(): number {
    const free = this.#free;
    if (free !== NO_ROW) {
      this.#free = this.#number(free, 0);
      return free;
    }
    const row = this.#used;
    if (row >>> PAGE_SHIFT === this.#numbers.length) {
      this.#numbers.push(new Float64Array(new SharedArrayBuffer(PAGE_ROWS * 16)));
      this.#words.push(new Uint32Array(new SharedArrayBuffer(PAGE_ROWS * 8)));
    }
    this.#used += 1;
    return row;
  }

  #number(row: number, column: number): number {
    const page = this.#numbers[row >>> PAGE_SHIFT] as Float64Array;
    return page[(row & PAGE_MASK) * 2 + column] as number;
  }

  #setNumber(row: number, column: number, value: number): void {
    (this.#numbers[row >>> PAGE_SHIFT] as Float64Array)[(row & PAGE_MASK) * 2 + column] = value;
  }

  #word(row: number, column: number): number {
    const page = this.#words[row >>> PAGE_SHIFT] as Uint32Array;
    return page[(row & PAGE_MASK) * 2 + column] as number;
  }

  #setWord(row: number, column: number, value: number): void {
    (this.#words[row >>> PAGE_SHIFT] as Uint32Array)[(row & PAGE_MASK) * 2 + column] = value;
  }
}
