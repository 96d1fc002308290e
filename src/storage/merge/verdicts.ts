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

/** The keydir has a newer record of the key, beyond the horizon of history: this one is dead. */
export const SUPERSEDED = 0;
/** The keydir points at this very record. */
export const CURRENT = 1;
/** The keydir has nothing of the key: deleted, or expired. */
export const ABSENT = 2;
/** The keydir has a newer record of the key, so new that a state before it may be asked for. */
export const SUPERSEDED_LATELY = 3;

/** The keydir points at this record for the value alone: a touch since has the rest. */
export const CURRENT_VALUE = 4;

const KEY_BYTES_AT = 8;
const KEY_AT = KEY_BYTES_AT + 2;
const BUFFER_BYTES_MIN = 64 * 1024;

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
  readonly #keydir: Keydir;
  readonly #records: Uint8Array;
  readonly #horizon: number;
  #at = 0;
  #next = 0;

  /** @param horizon what a write up to this sequence superseded is needed no more */
  constructor(keydir: Keydir, count: number, records: Uint8Array, horizon: number) {
    this.#keydir = keydir;
    this.#records = records;
    this.#horizon = horizon;
    this.verdicts = new Uint8Array(count);
  }

  step(recordsMax: number): boolean {
    const last = Math.min(this.#next + recordsMax, this.verdicts.length);
    const records = this.#records;
    for (; this.#next < last; this.#next += 1) {
      const sequence = readU64(records, this.#at);
      const keyBytes = readU16(records, this.#at + KEY_BYTES_AT);
      const keyStart = this.#at + KEY_AT;
      const ref = this.#keydir.find(records, keyStart, keyBytes);
      this.verdicts[this.#next] = this.#verdict(ref, sequence);
      this.#at = keyStart + keyBytes;
    }
    return this.#next === this.verdicts.length;
  }

  #verdict(ref: number, sequence: number): number {
    if (ref === 0) return ABSENT;
    const newest = this.#keydir.sequence(ref);
    if (newest === sequence) return CURRENT;
    if (this.#keydir.valueSequence(ref) === sequence) return CURRENT_VALUE;
    return newest <= this.#horizon ? SUPERSEDED : SUPERSEDED_LATELY;
  }
}
