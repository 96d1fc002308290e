/**
 * What the keydir is made of: entries in an arena, a hash that finds them, side tables for
 * expiries and touches, a sorted index. Access to an entry's fields, and the steps that writing
 * (`keydir.ts`) and loading (`keydir-load.ts`) share.
 */

import { assert, CaskError } from '../../errors/cask-error.ts';
import { EntryArena } from './entry-arena.ts';
import { ExpiryTable } from './expiry-table.ts';
import { HashShards } from './hash-shards.ts';
import type { IndexBuild } from './index-build.ts';
import { hashBytes, hashOfView } from './key-hash.ts';
import { SortedIndex } from './sorted-index.ts';
import { TouchTable } from './touch-table.ts';

export const SEED_BYTES = 8;
/** Keys that are fetched at once: what is fetched of them fits the nearest cache. */
export const FETCH_MAX = 32;

export class KeydirTables {
  /**
   * What the last `upsert`, `remove`, `removeIfSequence` or `loadEntry` displaced: the entry's
   * segment slot, record bytes and sequence. -1: nothing. Displaced tombstones are nothing.
   */
  previousSlot = -1;
  previousRecordBytes = -1;
  previousSequence = -1;
  /** And where the record of a touch is that they displaced, and its bytes. -1: none. */
  previousTouchSlot = -1;
  previousTouchBytes = -1;

  /** What was read so that it comes near; of no use but that it is read. */
  seen = 0;

  protected arena: EntryArena = new EntryArena();
  protected hash: HashShards = new HashShards(this.arena);
  protected expiry: ExpiryTable = new ExpiryTable();
  protected touches: TouchTable = new TouchTable();
  protected index: SortedIndex = new SortedIndex(this.arena);
  /** From the begin of a load until the index is built. */
  protected build: IndexBuild | undefined;
  protected isLoading = false;
  /** The index is complete. */
  protected isReady = true;
  /** Entries that are neither tombstones nor removed. */
  protected liveCount = 0;
  /** Entries in the hash that are flagged dead. */
  protected tombstones = 0;
  readonly #seed: number;
  readonly #mask: number;

  /** @param seed at least 8 random bytes */
  constructor(seed: Uint8Array) {
    assert(seed.length >= SEED_BYTES, 'length of the seed');
    const view = new DataView(seed.buffer, seed.byteOffset);
    this.#seed = view.getUint32(0);
    this.#mask = view.getUint32(4);
  }

  // Fields of an entry.

  /** Of the key's last change: a put, or a touch since. */
  sequence(ref: number): number {
    return this.arena.sequence(ref);
  }

  /** It may expire, or have been touched. */
  isSpecial(ref: number): boolean {
    return this.arena.isSpecial(ref);
  }

  /** It was touched since its value was put. */
  isTouched(ref: number): boolean {
    return this.touches.count > 0 && this.touchOf(ref) >= 0;
  }

  /** Of the put whose record has the value. */
  valueSequence(ref: number): number {
    const row = this.touchOf(ref);
    return row < 0 ? this.arena.sequence(ref) : this.touches.valueSequence(row);
  }

  /** When the entry was touched, ms since 1970; 0: it was not, the put's record has its time. */
  touchedAt(ref: number): number {
    const row = this.touchOf(ref);
    return row < 0 ? 0 : this.touches.updatedAt(row);
  }

  /** Whether the put's record has an expiry, be it that of the entry or not. */
  valueExpires(ref: number): boolean {
    const row = this.touchOf(ref);
    return row < 0 ? this.expiresAt(ref) !== 0 : this.touches.valueExpires(row);
  }

  /** The put that its touch names was not found. */
  isValueMissing(ref: number): boolean {
    const row = this.touchOf(ref);
    return row >= 0 && this.touches.isValueMissing(row);
  }

  /** Its row in the table of touches; below 0: it was not touched. */
  protected touchOf(ref: number): number {
    const mayBe = this.touches.count > 0 && this.arena.hasExpiry(ref);
    return mayBe ? this.touches.rowOf(ref) : -1;
  }

  version(ref: number): number {
    return this.arena.version(ref);
  }

  /** Ms since 1970. */
  createdAt(ref: number): number {
    return this.arena.createdAt(ref);
  }

  /** Of the record that has the value, in its segment; so are slot and bytes. */
  offset(ref: number): number {
    return this.arena.offset(ref);
  }

  recordBytes(ref: number): number {
    return this.arena.recordBytes(ref);
  }

  segmentSlot(ref: number): number {
    return this.arena.segmentSlot(ref);
  }

  keyLength(ref: number): number {
    return this.arena.keyLength(ref);
  }

  /** Ms since 1970; 0: never. */
  expiresAt(ref: number): number {
    return this.arena.hasExpiry(ref) ? this.expiry.expiresAt(ref) : 0;
  }

  /** Copies the key to `target` from `at` on, which must have room; returns its length. */
  copyKey(ref: number, target: Uint8Array, at: number): number {
    return this.arena.copyKey(ref, target, at);
  }

  /** The entry's key against `buffer[start, start + length)`: below 0, 0, or above 0. */
  compareKey(ref: number, buffer: Uint8Array, start: number, length: number): number {
    return this.arena.compare(ref, 0, buffer, start, length);
  }

  // Steps that writing and loading share.

  protected add(hash: number, buffer: Uint8Array, start: number, length: number): number {
    const hasSlot = this.hash.reserve(hash);
    const ref = hasSlot ? this.arena.allocate(buffer, start, length) : 0;
    if (ref === 0) throw keydirFull();
    this.hash.insert(hash, ref);
    return ref;
  }

  protected isTombstone(ref: number): boolean {
    return this.tombstones > 0 && this.arena.isDead(ref);
  }

  /** A tombstone becomes a key again; its block already is in a run. */
  protected revive(ref: number): void {
    this.arena.setDead(ref, false);
    this.tombstones--;
    this.liveCount++;
  }

  protected setExpiry(ref: number, expiresAt: number): void {
    if (expiresAt !== 0) {
      this.expiry.set(ref, expiresAt);
      this.arena.setHasExpiry(ref, true);
    } else if (this.arena.hasExpiry(ref)) {
      this.expiry.remove(ref);
      this.arena.setHasExpiry(ref, this.touches.rowOf(ref) >= 0);
    }
  }

  /** The row of an entry with a value; notes the touch that is displaced, and keeps the put. */
  protected rowForTouch(ref: number): number {
    const before = this.touchOf(ref);
    if (before >= 0) {
      this.notePreviousTouch(before);
      return before;
    }
    const expires = this.expiresAt(ref) !== 0;
    const row = this.touches.add(ref);
    this.touches.setValue(row, this.arena.sequence(ref), expires, false);
    this.arena.setHasExpiry(ref, true);
    return row;
  }

  protected clearPrevious(): void {
    this.previousSlot = -1;
    this.previousRecordBytes = -1;
    this.previousSequence = -1;
    this.previousTouchSlot = -1;
    this.previousTouchBytes = -1;
  }

  /** What the entry points at is displaced; it is not a touched one any more. */
  protected notePrevious(ref: number): void {
    this.previousSlot = this.arena.segmentSlot(ref);
    this.previousRecordBytes = this.arena.recordBytes(ref);
    this.previousSequence = this.arena.sequence(ref);
    const row = this.touchOf(ref);
    if (row < 0) return;
    this.notePreviousTouch(row);
    if (this.touches.isValueMissing(row)) this.previousSlot = -1;
    this.touches.remove(ref);
  }

  protected notePreviousTouch(row: number): void {
    this.previousTouchSlot = this.touches.slot(row);
    this.previousTouchBytes = this.touches.recordBytes(row);
  }

  /** The hash by which the key is known here; it holds for good. */
  hashOf(buffer: Uint8Array, start: number, length: number): number {
    return hashBytes(buffer, start, length, this.#seed, this.#mask);
  }

  protected hashOfView(view: DataView, start: number, length: number): number {
    return hashOfView(view, start, length, this.#seed, this.#mask);
  }

  protected hashOfEntry(ref: number): number {
    const arena = this.arena;
    return this.hashOf(arena.keyBuffer(ref), arena.keyStart(ref), arena.keyLength(ref));
  }
}

export function keydirFull(): CaskError {
  return new CaskError('KEYDIR_FULL', 'the keydir cannot hold more keys');
}
