/**
 * Gathers what a hint needs while a segment is scanned or written: the newest record of each
 * key, at last in key order. Packed in a few large buffers, not in an object per record.
 */

import { compareBytes, copyBytes } from '../format/byte-ranges.ts';
import type { HintEntry } from '../format/hint-writer.ts';
import {
  readU16,
  readU32,
  readU48,
  readU64,
  writeU16,
  writeU32,
  writeU48,
  writeU64,
} from '../format/integers.ts';
import { NO_EXPIRY, RECORD_CLEAR, RECORD_DELETE, RECORD_TOUCH } from '../format/record.ts';
import { KeyHeads } from './key-heads.ts';

const TYPE_AT = 0;
const KEY_BYTES_AT = TYPE_AT + 1;
const OFFSET_AT = KEY_BYTES_AT + 2;
const RECORD_BYTES_AT = OFFSET_AT + 4;
const VERSION_AT = RECORD_BYTES_AT + 4;
const SEQUENCE_AT = VERSION_AT + 4;
const CREATED_AT = SEQUENCE_AT + 8;
const EXPIRES_AT = CREATED_AT + 6;
const KEY_AT = EXPIRES_AT + 6;
/** Behind the key of a touch: valueSequence (8), updatedAt (6). */
const TOUCH_BYTES = 8 + 6;

const BUFFER_BYTES_MIN = 1 << 20;

/** What is noted of a record; its key lies in a buffer. */
export interface CollectedRecord {
  readonly type: number;
  readonly keyStart: number;
  readonly keyBytes: number;
  readonly recordBytes: number;
  readonly version: number;
  readonly sequence: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly expiresAt: number;
  /** Of a touch. */
  readonly valueSequence: number;
}

class EntryCursor implements HintEntry {
  keyBuffer: Uint8Array = new Uint8Array(0);
  keyStart = 0;
  keyBytes = 0;
  type = 0;
  offset = 0;
  recordBytes = 0;
  version = 0;
  sequence = 0;
  createdAt = 0;
  expiresAt = 0;
  valueSequence = 0;
  updatedAt = 0;
}

export class HintCollector {
  #buffer = new Uint8Array(BUFFER_BYTES_MIN);
  #filled = 0;
  #starts = new Float64Array(1024);
  /** Bytes that all keys have in common at their front; -1: there is no key yet. */
  #commonBytes = -1;
  #rows = 0;
  /** Each record was newer than those before it. */
  #isAscending = true;
  /** The newest clear; it voids what comes before it. */
  readonly #clear = new EntryCursor();
  /** Records, of all types. */
  count = 0;
  lowestSequence = 0;
  highestSequence = 0;
  latestUpdatedAt = 0;
  hasTouches = false;
  /** Of all tombstones and clears, superseded ones included. */
  tombstoneBytes = 0;

  add(buffer: Uint8Array, record: CollectedRecord, offset: number): void {
    const { sequence, updatedAt, type } = record;
    if (this.count === 0 || sequence < this.lowestSequence) this.lowestSequence = sequence;
    if (sequence <= this.highestSequence) this.#isAscending = false;
    this.highestSequence = Math.max(this.highestSequence, sequence);
    this.latestUpdatedAt = Math.max(this.latestUpdatedAt, updatedAt);
    const isTombstone = type === RECORD_DELETE || type === RECORD_CLEAR;
    if (isTombstone) this.tombstoneBytes += record.recordBytes;
    this.count += 1;
    if (type === RECORD_CLEAR) this.#addClear(record, offset);
    else this.#addRow(buffer, record, offset);
  }

  #addClear({ sequence, recordBytes, createdAt }: CollectedRecord, offset: number): void {
    if (sequence < this.#clear.sequence) return;
    Object.assign(this.#clear, { type: RECORD_CLEAR, sequence, recordBytes, createdAt, offset });
  }

  #addRow(buffer: Uint8Array, record: CollectedRecord, offset: number): void {
    const { keyBytes, sequence } = record;
    this.#reserve(KEY_AT + keyBytes + TOUCH_BYTES);
    const at = this.#filled;
    const target = this.#buffer;
    target[at + TYPE_AT] = record.type;
    writeU16(target, at + KEY_BYTES_AT, keyBytes);
    writeU32(target, at + OFFSET_AT, offset);
    writeU32(target, at + RECORD_BYTES_AT, record.recordBytes);
    writeU32(target, at + VERSION_AT, record.version);
    writeU64(target, at + SEQUENCE_AT, sequence);
    writeU48(target, at + CREATED_AT, record.createdAt);
    writeU48(target, at + EXPIRES_AT, record.expiresAt);
    copyBytes(target, at + KEY_AT, buffer, record.keyStart, keyBytes);
    this.#starts[this.#rows] = at;
    this.#noteCommon(at + KEY_AT, keyBytes);
    this.#filled += KEY_AT + keyBytes;
    this.#rows += 1;
    if (record.type !== RECORD_TOUCH) return;
    this.hasTouches = true;
    writeU64(target, this.#filled, record.valueSequence);
    writeU48(target, this.#filled + 8, record.updatedAt);
    this.#filled += TOUCH_BYTES;
  }

  /**
   * What the hint is to tell, in its order: the newest clear; of each key the newest record, and
   * behind a touch the put whose value it leaves. One object is yielded again and again.
   */
  *sorted(): Generator<HintEntry> {
    const { sequence: voidBelow } = this.#clear;
    if (voidBelow > 0) yield this.#clear;
    const entry = new EntryCursor();
    entry.keyBuffer = this.#buffer;
    /** Of the touch that was yielded for the key, whose put is looked for; 0: none is. */
    let wanted = 0;
    const { rows, begins } = this.#order();
    for (let place = 0; place < rows.length; place += 1) {
      if (begins[place] === 1) wanted = 0;
      else if (wanted === 0) continue;
      const at = this.#starts[rows[place] as number] as number;
      if (wanted !== 0 && !this.#isWanted(at, wanted)) continue;
      if (readU64(this.#buffer, at + SEQUENCE_AT) < voidBelow) continue;
      this.#fill(entry, at);
      wanted = entry.valueSequence;
      yield entry;
    }
  }

  /** The put that a touch names, or the tombstone that repair left in its place. */
  #isWanted(at: number, sequence: number): boolean {
    const isTouch = this.#buffer[at + TYPE_AT] === RECORD_TOUCH;
    return !isTouch && readU64(this.#buffer, at + SEQUENCE_AT) >= sequence;
  }

  #fill(entry: EntryCursor, at: number): void {
    const buffer = this.#buffer;
    entry.type = buffer[at + TYPE_AT] as number;
    entry.keyStart = at + KEY_AT;
    entry.keyBytes = readU16(buffer, at + KEY_BYTES_AT);
    entry.offset = readU32(buffer, at + OFFSET_AT);
    entry.recordBytes = readU32(buffer, at + RECORD_BYTES_AT);
    entry.version = readU32(buffer, at + VERSION_AT);
    entry.sequence = readU64(buffer, at + SEQUENCE_AT);
    entry.createdAt = readU48(buffer, at + CREATED_AT);
    entry.expiresAt = entry.type === RECORD_DELETE ? NO_EXPIRY : readU48(buffer, at + EXPIRES_AT);
    const isTouch = entry.type === RECORD_TOUCH;
    const touchAt = entry.keyStart + entry.keyBytes;
    entry.valueSequence = isTouch ? readU64(buffer, touchAt) : 0;
    entry.updatedAt = isTouch ? readU48(buffer, touchAt + 8) : 0;
  }

  /**
   * Rows by key, the newest of each key first, and which of them begin another key. Sorted by what
   * follows the common bytes, as numbers with the row in the lower half, counted from the last: most
   * come oldest first. Only where numbers leave it open are keys looked at, each a wait for memory.
   */
  #order(): { readonly rows: Uint32Array; readonly begins: Uint8Array } {
    const heads = new KeyHeads();
    const starts = this.#starts;
    const common = Math.max(0, this.#commonBytes);
    const count = this.#rows;
    for (let row = 0; row < count; row += 1) {
      const keyAt = (starts[row] as number) + KEY_AT;
      heads.note(this.#buffer, keyAt + common, this.#keyEnd(starts[row] as number));
    }
    const numbers = new BigUint64Array(count);
    const words = new Uint32Array(numbers.buffer);
    for (let row = 0; row < count; row += 1) {
      const keyAt = (starts[row] as number) + KEY_AT;
      words[2 * row] = count - 1 - row;
      words[2 * row + 1] = heads.of(
        this.#buffer,
        keyAt + common,
        this.#keyEnd(starts[row] as number),
      );
    }
    numbers.sort();
    const rows = new Uint32Array(count);
    const begins = new Uint8Array(count);
    for (let place = 0; place < count; place += 1) {
      rows[place] = count - 1 - (words[2 * place] as number);
      begins[place] = place > 0 && words[2 * place + 1] === words[2 * place - 1] ? 0 : 1;
    }
    if (!this.#isAscending || !heads.isExact) this.#settle(rows, begins);
    return { rows, begins };
  }

  /** Sorts what has equal numbers, and finds out which of it has equal keys. */
  #settle(rows: Uint32Array, begins: Uint8Array): void {
    for (let from = 0, to = 1; to <= rows.length; to += 1) {
      if (to < rows.length && begins[to] === 0) continue;
      if (to - from > 1) {
        this.#sortRows(rows.subarray(from, to));
        this.#markKeys(rows, begins, from, to);
      }
      from = to;
    }
  }

  #markKeys(rows: Uint32Array, begins: Uint8Array, from: number, to: number): void {
    const starts = this.#starts;
    for (let place = from + 1; place < to; place += 1) {
      const before = starts[rows[place - 1] as number] as number;
      const isOther = this.#compareKeys(before, starts[rows[place] as number] as number) !== 0;
      begins[place] = isOther ? 1 : 0;
    }
  }

  #sortRows(rows: Uint32Array): void {
    const starts = this.#starts;
    if (this.#areInOrder(rows)) return;
    rows.sort((a, b) => this.#compareRows(starts[a] as number, starts[b] as number));
  }

  #areInOrder(rows: Uint32Array): boolean {
    for (let place = 1; place < rows.length; place += 1) {
      const before = this.#starts[rows[place - 1] as number] as number;
      if (this.#compareRows(before, this.#starts[rows[place] as number] as number) > 0)
        return false;
    }
    return true;
  }

  #compareRows(a: number, b: number): number {
    return this.#compareKeys(a, b) || this.#newestFirst(a, b);
  }

  #keyEnd(at: number): number {
    return at + KEY_AT + readU16(this.#buffer, at + KEY_BYTES_AT);
  }

  #noteCommon(keyAt: number, keyBytes: number): void {
    const buffer = this.#buffer;
    const firstAt = (this.#starts[0] as number) + KEY_AT;
    let common = this.#commonBytes < 0 ? keyBytes : Math.min(this.#commonBytes, keyBytes);
    for (let index = 0; index < common; index += 1) {
      if (buffer[firstAt + index] !== buffer[keyAt + index]) common = index;
    }
    this.#commonBytes = common;
  }

  #compareKeys(a: number, b: number): number {
    const buffer = this.#buffer;
    const aBytes = readU16(buffer, a + KEY_BYTES_AT);
    const bBytes = readU16(buffer, b + KEY_BYTES_AT);
    return compareBytes(buffer, a + KEY_AT, aBytes, buffer, b + KEY_AT, bBytes);
  }

  #newestFirst(a: number, b: number): number {
    return readU64(this.#buffer, b + SEQUENCE_AT) - readU64(this.#buffer, a + SEQUENCE_AT);
  }

  #reserve(bytes: number): void {
    if (this.#filled + bytes > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(this.#buffer.length * 2, this.#filled + bytes));
      larger.set(this.#buffer.subarray(0, this.#filled));
      this.#buffer = larger;
    }
    if (this.#rows < this.#starts.length) return;
    const starts = new Float64Array(this.#starts.length * 2);
    starts.set(this.#starts);
    this.#starts = starts;
  }
}
