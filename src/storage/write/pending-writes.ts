/**
 * The newest write of each key that is sequenced but not committed: conditions and versions see
 * it, other clients' reads do not. An open-addressing table; the keys lie in the encoded records of
 * the groups.
 *
 * ```
 *  a slot, in words:  hash of the key   serial of the group   offset of the record in its buffer   -
 * ```
 *
 * Groups leave in the order in which they came, each as a whole: by that its slots are dead, without
 * a look at them. With the last one all slots are empty. Whoever looks for a key passes over dead
 * slots; once they make the table full it is built anew.
 */

import { assert } from '../../errors/cask-error.ts';
import { bytesEqual } from '../format/byte-ranges.ts';
import { recordKeyBytes, recordKeyStart } from '../format/record.ts';
import type { Keydir } from '../keydir/keydir.ts';
import type { Group } from './group.ts';

const HASH = 0;
const SERIAL = 1;
const RECORD_AT = 2;
const SLOT_WORDS = 4;
/** What a hash is shifted by to give the word of its slot. */
const SLOT_SHIFT = 2;
const SLOTS_MIN = 1024;
const SERIAL_MAX = 0xffff_ffff;

export class PendingWrites {
  readonly #keydir: Pick<Keydir, 'hashOf'>;
  #slots = new Uint32Array(SLOTS_MIN * SLOT_WORDS);
  /** Of words. */
  #mask = SLOTS_MIN * SLOT_WORDS - 1;
  /** Not empty, but dead maybe. */
  #slotsUsed = 0;
  /** Those with records here, the oldest first: their serials go on from `#firstSerial`. */
  readonly #groups: Group[] = [];
  #firstSerial = 1;
  /** Slots with lower serials are empty. */
  #emptyBelow = 1;
  /** The newest clear: the pending writes before it are void, and so is all that is committed. */
  clearSequence = 0;
  clearGroup: Group | undefined;
  /** After `find` said true: the group, and the offset of the record in its buffer. */
  foundGroup: Group | undefined;
  foundRecordAt = 0;

  /** @param keydir whose hashes are shared */
  constructor(keydir: Pick<Keydir, 'hashOf'>) {
    this.#keydir = keydir;
  }

  find(
    buffer: Uint8Array,
    start: number,
    length: number,
    hash: number = this.#keydir.hashOf(buffer, start, length),
  ): boolean {
    if (this.#groups.length === 0) return false;
    const slots = this.#slots;
    let at = (hash << SLOT_SHIFT) & this.#mask;
    for (;;) {
      const serial = slots[at + SERIAL] as number;
      if (serial < this.#emptyBelow) return false;
      if (slots[at + HASH] === hash && serial >= this.#firstSerial) {
        const group = this.#groups[serial - this.#firstSerial] as Group;
        const recordAt = slots[at + RECORD_AT] as number;
        if (hasKey(group, recordAt, buffer, start, length)) {
          this.foundGroup = group;
          this.foundRecordAt = recordAt;
          return true;
        }
      }
      at = (at + SLOT_WORDS) & this.#mask;
    }
  }

  /**
   * Makes the record at `recordAt` of the group's buffer the newest of its key, which `buffer` has,
   * too. No group that came before it gets another record.
   */
  set(
    group: Group,
    recordAt: number,
    hash: number,
    buffer: Uint8Array,
    start: number,
    length: number,
  ): void {
    const own = this.#serialOf(group);
    const slots = this.#slots;
    let at = (hash << SLOT_SHIFT) & this.#mask;
    let dead = -1;
    for (;;) {
      const serial = slots[at + SERIAL] as number;
      if (serial < this.#emptyBelow) {
        if (dead < 0) this.#slotsUsed += 1;
        else at = dead;
        break;
      }
      if (serial < this.#firstSerial) {
        if (dead < 0) dead = at;
      } else if (slots[at + HASH] === hash) {
        const present = this.#groups[serial - this.#firstSerial] as Group;
        if (hasKey(present, slots[at + RECORD_AT] as number, buffer, start, length)) break;
      }
      at = (at + SLOT_WORDS) & this.#mask;
    }
    slots[at + HASH] = hash;
    slots[at + SERIAL] = own;
    slots[at + RECORD_AT] = recordAt;
    if (this.#slotsUsed * SLOT_WORDS * 2 > this.#mask) this.#rebuild();
  }

  setClear(group: Group, sequence: number): void {
    this.clearSequence = sequence;
    this.clearGroup = group;
  }

  /** Forgets all writes of a group, which are committed, or have failed. */
  forget(group: Group): void {
    if (this.clearGroup === group) {
      this.clearSequence = 0;
      this.clearGroup = undefined;
    }
    const place = this.#groups.indexOf(group);
    if (place < 0) return;
    assert(place === 0, 'groups leave in their order');
    this.#groups.shift();
    this.#firstSerial += 1;
    if (this.#groups.length > 0) return;
    this.#emptyBelow = this.#firstSerial;
    this.#slotsUsed = 0;
    this.foundGroup = undefined;
  }

  #serialOf(group: Group): number {
    const groups = this.#groups;
    const count = groups.length;
    if (count === 0 || groups[count - 1] !== group) {
      if (this.#firstSerial + count >= SERIAL_MAX) this.#rebuild();
      groups.push(group);
    }
    return this.#firstSerial + groups.length - 1;
  }

  /** Takes what is alive to a table that is a quarter full at the most; serials begin anew. */
  #rebuild(): void {
    const before = this.#slots;
    const first = this.#firstSerial;
    let alive = 0;
    for (let at = SERIAL; at < before.length; at += SLOT_WORDS) {
      if ((before[at] as number) >= first) alive += 1;
    }
    let slots = SLOTS_MIN;
    while (slots < alive * 4) slots *= 2;
    const words = new Uint32Array(slots * SLOT_WORDS);
    this.#slots = words;
    this.#mask = words.length - 1;
    this.#slotsUsed = alive;
    this.#firstSerial = 1;
    this.#emptyBelow = 1;
    for (let from = 0; from < before.length; from += SLOT_WORDS) {
      const serial = before[from + SERIAL] as number;
      if (serial < first) continue;
      const hash = before[from + HASH] as number;
      let at = (hash << SLOT_SHIFT) & this.#mask;
      while (words[at + SERIAL] !== 0) at = (at + SLOT_WORDS) & this.#mask;
      words[at + HASH] = hash;
      words[at + SERIAL] = serial - first + 1;
      words[at + RECORD_AT] = before[from + RECORD_AT] as number;
    }
  }
}

function hasKey(
  { buffer: records }: Group,
  recordAt: number,
  buffer: Uint8Array,
  start: number,
  length: number,
): boolean {
  if (recordKeyBytes(records, recordAt) !== length) return false;
  return bytesEqual(records, recordKeyStart(records, recordAt), buffer, start, length);
}
