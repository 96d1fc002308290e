/**
 * Which records of a merge's inputs are still current. The job packs what it found; the engine,
 * which alone knows the keydir, answers a byte for each.
 *
 * ```
 *  a record in the request:  0  8  sequence     8  2  keyBytes    10  .  key
 * ```
 */

import { copyBytes } from '../format/byte-ranges.ts';
import { readU16, readU64, writeU16, writeU64 } from '../format/integers.ts';
import type { Keydir } from '../keydir/keydir.ts';
import { FETCH_MAX } from '../keydir/keydir-tables.ts';

/** The keydir has a newer record of the key, beyond the horizon of history: this one is dead. */
export const SUPERSEDED = 0;
/** The keydir points at this very record: a put that was not touched since. */
export const CURRENT = 1;
/** The keydir has nothing of the key: deleted, or expired. */
export const ABSENT = 2;
/** The keydir has a newer record of the key, so new that a state before it may be asked for. */
export const SUPERSEDED_LATELY = 3;

/** The keydir points at this record for the value alone: a touch since has the rest. */
export const CURRENT_VALUE = 4;
/** As `CURRENT_VALUE`, and the copy can take the touch in: the reply's `touches` say what it is. */
export const CURRENT_TOUCHED_VALUE = 5;
/** The keydir has this touch; its value is not merged with it. */
export const CURRENT_TOUCH = 6;
/** The keydir has this touch, and the copy of its value takes it in. */
export const CURRENT_TOUCH_OF_INPUT = 7;

/** A row of `touches`: sequence, updatedAt, expiresAt. */
export const TOUCH_NUMBERS = 3;

const KEY_BYTES_AT = 8;
const KEY_AT = KEY_BYTES_AT + 2;
const BUFFER_BYTES_MIN = 64 * 1024;

/** What verdicts depend on besides the keydir. */
export interface JudgedMerge {
  /** What a write up to this sequence superseded is needed no more. */
  readonly horizon: number;
  /**
   * Touches up to this sequence may be taken in. Later ones may be in the log that is written: a
   * sealed segment with such a sequence would say that what the log has up to it is stale.
   */
  readonly touchesUpTo: number;
  /** The time of the whole merge. */
  readonly now: number;
  /** Is the segment in that slot of the catalogue merged? */
  isInput(slot: number): boolean;
}

export class VerdictRequestWriter {
  #buffer = new Uint8Array(BUFFER_BYTES_MIN);
  #filled = 0;
  count = 0;

  add(sequence: number, buffer: Uint8Array, keyStart: number, keyBytes: number): void {
    const end = this.#filled + KEY_AT + keyBytes;
    if (end > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(end, this.#buffer.length * 2));
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    writeU64(this.#buffer, this.#filled, sequence);
    writeU16(this.#buffer, this.#filled + KEY_BYTES_AT, keyBytes);
    copyBytes(this.#buffer, this.#filled + KEY_AT, buffer, keyStart, keyBytes);
    this.#filled = end;
    this.count += 1;
  }

  get bytes(): number {
    return this.#filled;
  }

  /** What was added, as a copy; begins anew. */
  take(): { readonly count: number; readonly records: Uint8Array } {
    const taken = { count: this.count, records: this.#buffer.slice(0, this.#filled) };
    this.#filled = 0;
    this.count = 0;
    return taken;
  }
}

/** Judges the records of a request over several turns: `step` until it returns true. */
export class VerdictJudge {
  readonly verdicts: Uint8Array;
  /** For each CURRENT_TOUCHED_VALUE, in their order, a row of numbers. */
  readonly touches: number[] = [];
  readonly #keydir: Keydir;
  readonly #records: Uint8Array;
  readonly #merge: JudgedMerge;
  #at = 0;
  #next = 0;
  /** How far entries are fetched, in records and bytes; and of those fetched last, their keys. */
  #fetched = 0;
  #fetchedTo = 0;
  readonly #starts = new Uint32Array(FETCH_MAX);
  readonly #lengths = new Uint32Array(FETCH_MAX);
  readonly #sequences = new Float64Array(FETCH_MAX);

  constructor(keydir: Keydir, count: number, records: Uint8Array, merge: JudgedMerge) {
    this.#keydir = keydir;
    this.#records = records;
    this.#merge = merge;
    this.verdicts = new Uint8Array(count);
  }

  step(recordsMax: number): boolean {
    const last = Math.min(this.#next + recordsMax, this.verdicts.length);
    const records = this.#records;
    for (; this.#next < last; this.#next += 1) {
      if (this.#next === this.#fetched) this.#fetch();
      const sequence = readU64(records, this.#at);
      const keyBytes = readU16(records, this.#at + KEY_BYTES_AT);
      const keyStart = this.#at + KEY_AT;
      const ref = this.#keydir.find(records, keyStart, keyBytes);
      this.verdicts[this.#next] = this.#verdict(ref, sequence);
      this.#at = keyStart + keyBytes;
    }
    return this.#next === this.verdicts.length;
  }

  /** Brings the entries of the next records near, at once: one by one each would be waited for. */
  #fetch(): void {
    const records = this.#records;
    const count = Math.min(FETCH_MAX, this.verdicts.length - this.#fetched);
    let at = this.#fetchedTo;
    for (let index = 0; index < count; index += 1) {
      const keyBytes = readU16(records, at + KEY_BYTES_AT);
      this.#starts[index] = at + KEY_AT;
      this.#lengths[index] = keyBytes;
      at += KEY_AT + keyBytes;
    }
    this.#keydir.fetch(records, this.#starts, this.#lengths, count, this.#sequences);
    this.#fetchedTo = at;
    this.#fetched += count;
  }

  #verdict(ref: number, sequence: number): number {
    if (ref === 0) return ABSENT;
    const keydir = this.#keydir;
    const newest = keydir.sequence(ref);
    const isTouched = keydir.isTouched(ref);
    if (newest === sequence) {
      if (!isTouched) return CURRENT;
      const isOfInput = this.#isTakenIn(ref) && this.#merge.isInput(keydir.segmentSlot(ref));
      return isOfInput ? CURRENT_TOUCH_OF_INPUT : CURRENT_TOUCH;
    }
    if (isTouched && keydir.valueSequence(ref) === sequence) {
      if (!this.#isTakenIn(ref)) return CURRENT_VALUE;
      this.touches.push(newest, keydir.touchedAt(ref), keydir.expiresAt(ref));
      return CURRENT_TOUCHED_VALUE;
    }
    return newest <= this.#merge.horizon ? SUPERSEDED : SUPERSEDED_LATELY;
  }

  /**
   * Whether a copy of the value takes the touch in. Asked of the put and of the touch, the answer
   * is the same for as long as the touch is the newest: the time is that of the merge.
   */
  #isTakenIn(ref: number): boolean {
    const { touchesUpTo, now } = this.#merge;
    const expiresAt = this.#keydir.expiresAt(ref);
    if (this.#keydir.sequence(ref) > touchesUpTo || this.#keydir.isValueMissing(ref)) return false;
    return expiresAt === 0 || expiresAt > now;
  }
}
