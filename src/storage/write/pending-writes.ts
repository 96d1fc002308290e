/**
 * The newest write of each key that is sequenced but not committed: conditions and versions see
 * it, other clients' reads do not. An open-addressing table over the groups' own buffers; the
 * keys lie in their encoded records.
 */

import { compareBytes } from '../format/byte-ranges.ts';
import { recordKeyBytes, recordKeyStart, recordSequence } from '../format/record.ts';
import { hashBytes } from '../keydir/key-hash.ts';
import type { Group } from './group.ts';

const SLOTS_MIN = 256;

export class PendingWrites {
  readonly #seed: number;
  #groups: (Group | undefined)[] = new Array(SLOTS_MIN).fill(undefined);
  #hashes = new Uint32Array(SLOTS_MIN);
  #recordAts = new Uint32Array(SLOTS_MIN);
  #mask = SLOTS_MIN - 1;
  count = 0;
  /** The newest clear: the pending writes before it are void, and so is all that is committed. */
  clearSequence = 0;
  clearGroup: Group | undefined;
  /** After `find` said true: the group, and the offset of the record in its buffer. */
  foundGroup: Group | undefined;
  foundRecordAt = 0;

  constructor(seed: number) {
    this.#seed = seed;
  }

  find(buffer: Uint8Array, start: number, length: number): boolean {
    if (this.count === 0) return false;
    const slot = this.#slotOf(hashBytes(buffer, start, length, this.#seed), buffer, start, length);
    const group = this.#groups[slot];
    if (group === undefined) return false;
    this.foundGroup = group;
    this.foundRecordAt = this.#recordAts[slot] as number;
    return true;
  }

  /** Makes the record at `recordAt` of the group's buffer the newest of its key, or a clear. */
  set(group: Group, recordAt: number): void {
    const start = recordKeyStart(group.buffer, recordAt);
    const length = recordKeyBytes(group.buffer, recordAt);
    if (length === 0) {
      this.clearSequence = recordSequence(group.buffer, recordAt);
      this.clearGroup = group;
      return;
    }
    const hash = hashBytes(group.buffer, start, length, this.#seed);
    const slot = this.#slotOf(hash, group.buffer, start, length);
    if (this.#groups[slot] === undefined) this.count += 1;
    this.#groups[slot] = group;
    this.#hashes[slot] = hash;
    this.#recordAts[slot] = recordAt;
    if (this.count * 2 > this.#mask) this.#grow();
  }

  /** Forgets the key of the record, unless a newer write of it is pending. */
  remove(group: Group, recordAt: number): void {
    if (this.count === 0 && this.clearSequence === 0) return;
    const start = recordKeyStart(group.buffer, recordAt);
    const length = recordKeyBytes(group.buffer, recordAt);
    if (length === 0) {
      if (recordSequence(group.buffer, recordAt) === this.clearSequence) this.#forgetClear();
      return;
    }
    const hash = hashBytes(group.buffer, start, length, this.#seed);
    let slot = hash & this.#mask;
    while (this.#groups[slot] !== group || this.#recordAts[slot] !== recordAt) {
      if (this.#groups[slot] === undefined) return;
      slot = (slot + 1) & this.#mask;
    }
    this.count -= 1;
    this.#shiftBack(slot);
  }

  #forgetClear(): void {
    this.clearSequence = 0;
    this.clearGroup = undefined;
  }

  clear(): void {
    this.#groups.fill(undefined);
    this.count = 0;
    this.#forgetClear();
  }

  /** The slot that holds the key, or the empty one where it would go. The table is never full. */
  #slotOf(hash: number, buffer: Uint8Array, start: number, length: number): number {
    let slot = hash & this.#mask;
    for (;;) {
      const group = this.#groups[slot];
      if (group === undefined) return slot;
      if (this.#hashes[slot] === hash) {
        const at = this.#recordAts[slot] as number;
        const keyBytes = recordKeyBytes(group.buffer, at);
        const keyStart = recordKeyStart(group.buffer, at);
        if (compareBytes(group.buffer, keyStart, keyBytes, buffer, start, length) === 0) {
          return slot;
        }
      }
      slot = (slot + 1) & this.#mask;
    }
  }

  /** Empties a slot and closes the gap in its probe chain. */
  #shiftBack(emptied: number): void {
    let hole = emptied;
    let slot = emptied;
    for (;;) {
      slot = (slot + 1) & this.#mask;
      const group = this.#groups[slot];
      if (group === undefined) break;
      const home = (this.#hashes[slot] as number) & this.#mask;
      if (((slot - home) & this.#mask) < ((slot - hole) & this.#mask)) continue;
      this.#groups[hole] = group;
      this.#hashes[hole] = this.#hashes[slot] as number;
      this.#recordAts[hole] = this.#recordAts[slot] as number;
      hole = slot;
    }
    this.#groups[hole] = undefined;
  }

  #grow(): void {
    const groups = this.#groups;
    const hashes = this.#hashes;
    const recordAts = this.#recordAts;
    const slots = groups.length * 2;
    this.#groups = new Array(slots).fill(undefined);
    this.#hashes = new Uint32Array(slots);
    this.#recordAts = new Uint32Array(slots);
    this.#mask = slots - 1;
    for (let old = 0; old < groups.length; old += 1) {
      if (groups[old] === undefined) continue;
      let slot = (hashes[old] as number) & this.#mask;
      while (this.#groups[slot] !== undefined) slot = (slot + 1) & this.#mask;
      this.#groups[slot] = groups[old];
      this.#hashes[slot] = hashes[old] as number;
      this.#recordAts[slot] = recordAts[old] as number;
    }
  }
}
