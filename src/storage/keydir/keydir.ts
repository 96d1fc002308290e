/**
 * The keydir: every key of the store and where its record is, with an ordered index over them.
 *
 * All in typed arrays over shared memory: no object per key, and no allocation per operation.
 * An entry is known by a reference, a number above 0; references are valid within one turn of
 * the event loop, until the entry is removed or `compactStep` runs. Nothing here takes longer
 * than about 3 ms, except what is given a budget.
 *
 * Life: ready from the start, or `loadBegin`, runs of entries, `loadEnd`, and then
 * `indexBuildStep` until it is done, with all operations but ranges available meanwhile.
 */

import { assert, CaskError } from '../../errors/cask-error.ts';
import { ArenaCompactor } from './arena-compactor.ts';
import { BLOCK_BYTES_MAX, EntryArena } from './entry-arena.ts';
import { CHUNK_BYTES, granulesFor, RECORD_BYTES_LIMIT } from './entry-blocks.ts';
import { ExpiryTable } from './expiry-table.ts';
import { HashShards } from './hash-shards.ts';
import { IndexBuild } from './index-build.ts';
import { IndexCursor } from './index-cursor.ts';
import type { KeyBounds } from './key-bounds.ts';
import { hashBytes } from './key-hash.ts';
import { LoadBatch } from './load-batch.ts';
import { RangeTally } from './range-tally.ts';
import { SortedIndex } from './sorted-index.ts';
import { TouchTable } from './touch-table.ts';

export interface KeydirOptions {
  /** What `isFullFor` measures against. Nothing else enforces it. */
  readonly maxBytes: number;
  /** At least 8 random bytes; they keep clients from choosing keys that collide. */
  readonly seed: Uint8Array;
}

export const SEED_BYTES = 8;
/** Keys that are fetched at once: what is fetched of them fits the nearest cache. */
export const FETCH_MAX = 32;
/** Header and padding of an entry, at most. */
const ENTRY_OVERHEAD_MAX = granulesFor(1) * 4 - 1;

export class Keydir {
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

  /** Of `fetch`: hashes, then references. */
  readonly #fetched = new Uint32Array(FETCH_MAX);
  readonly #maxBytes: number;
  readonly #seed: number;
  readonly #mask: number;
  #arena = new EntryArena();
  #hash = new HashShards(this.#arena);
  #expiry = new ExpiryTable();
  #touches = new TouchTable();
  #index = new SortedIndex(this.#arena);
  #compactor = this.#newCompactor();
  #build: IndexBuild | undefined;
  /** A count underway that is told of what is added and removed. */
  #watching: RangeTally | undefined;
  #isLoading = false;
  /** While loading: entries that are taken by many at a time, in runs that allow it. */
  #batch: LoadBatch | undefined;
  #isBatching = false;
  /** While loading: what a clear voids, and the lowest sequence that was taken before. */
  #voidBelow = 0;
  #lowestLoaded = Number.MAX_SAFE_INTEGER;
  /** How far `loadSweepStep` is among the references of all runs. */
  #swept = 0;
  #isReady = true;
  #count = 0;
  /** Entries in the hash that are flagged dead. */
  #tombstones = 0;

  constructor(options: KeydirOptions) {
    assert(options.seed.length >= SEED_BYTES, 'length of the seed');
    const seed = new DataView(options.seed.buffer, options.seed.byteOffset);
    this.#maxBytes = options.maxBytes;
    this.#seed = seed.getUint32(0);
    this.#mask = seed.getUint32(4);
  }

  /** Live entries, those that expired but were not removed yet included. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of arena, hash, index, expiries and, while it is built, what the index needs. */
  get bytesUsed(): number {
    const fixed = this.#arena.bytesUsed + this.#hash.bytesUsed;
    return fixed + this.indexBytesUsed + this.#expiry.bytesUsed + this.#touches.bytesUsed;
  }

  /** Of these, what the index takes, and what it needs while it is built. */
  get indexBytesUsed(): number {
    const build = this.#build === undefined ? 0 : this.#build.bytesUsed;
    const batch = this.#batch === undefined ? 0 : this.#batch.bytesUsed;
    return this.#index.bytesUsed + build + batch;
  }

  /**
   * Whether adding so many keys, of so many key bytes in all, could exceed `maxBytes` or a
   * structural limit. Errs on the full side: assumes that each splits a node. O(1).
   */
  isFullFor(newKeys: number, keyBytesTotal: number): boolean {
    if (newKeys <= 0) return false;
    if (!this.#hash.hasRoomFor(newKeys)) return true;
    let growth = this.#hash.growthBytesMax(newKeys) + this.#expiry.growthBytesMax(newKeys);
    if (newKeys > 1 || !this.#arena.hasFreeBlock(keyBytesTotal)) {
      const entryBytes = newKeys * ENTRY_OVERHEAD_MAX + keyBytesTotal;
      const chunks = Math.ceil(entryBytes / (CHUNK_BYTES - BLOCK_BYTES_MAX)) + 1;
      if (chunks > this.#arena.chunksLeft) return true;
      growth += entryBytes;
    }
    if (this.#isReady) growth += this.#index.growthBytesMax(newKeys, 0);
    else growth += this.#index.growthBytesMax(newKeys + this.#addedCount(), this.#count);
    return this.bytesUsed + growth > this.#maxBytes;
  }

  /** Whether touching one more entry could exceed `maxBytes`. */
  get isFullForTouch(): boolean {
    const growth = this.#touches.growthBytesMax(1) + this.#expiry.growthBytesMax(1);
    return this.bytesUsed + growth > this.#maxBytes;
  }

  #addedCount(): number {
    return this.#build === undefined ? 0 : this.#build.addedCount;
  }

  // Reading.

  /** The entry of the key `buffer[start, start + length)`; 0: there is none. */
  find(buffer: Uint8Array, start: number, length: number): number {
    const ref = this.#hash.find(this.#hashOf(buffer, start, length), buffer, start, length);
    return this.#tombstones > 0 && ref !== 0 && this.#arena.isDead(ref) ? 0 : ref;
  }

  /**
   * Fetches the entries of keys that are asked for next into the processor's cache, all at once:
   * one after the other each would wait for memory. Found may be another key's entry, or none.
   * @param count of keys, at most FETCH_MAX
   * @param sequences takes the sequence of each, 0 where there is none
   */
  fetch(
    buffer: Uint8Array,
    starts: Uint32Array,
    lengths: Uint32Array,
    count: number,
    sequences: Float64Array,
  ): void {
    const words = this.#fetched;
    for (let index = 0; index < count; index++) {
      words[index] = this.#hashOf(buffer, starts[index] as number, lengths[index] as number);
    }
    for (let index = 0; index < count; index++) {
      words[index] = this.#hash.probable(words[index] as number);
    }
    for (let index = 0; index < count; index++) {
      const ref = words[index] as number;
      sequences[index] = ref === 0 ? 0 : this.#arena.sequence(ref);
    }
  }

  /** Of the key's last change: a put, or a touch since. */
  sequence(ref: number): number {
    return this.#arena.sequence(ref);
  }

  /** It was touched since its value was put. */
  isTouched(ref: number): boolean {
    return this.#touches.count > 0 && this.#touchOf(ref) >= 0;
  }

  /** Of the put whose record has the value. */
  valueSequence(ref: number): number {
    const row = this.#touchOf(ref);
    return row < 0 ? this.#arena.sequence(ref) : this.#touches.valueSequence(row);
  }

  /** When the entry was touched, ms since 1970; 0: it was not, the put's record has its time. */
  touchedAt(ref: number): number {
    const row = this.#touchOf(ref);
    return row < 0 ? 0 : this.#touches.updatedAt(row);
  }

  /** Whether the put's record has an expiry, be it that of the entry or not. */
  valueExpires(ref: number): boolean {
    const row = this.#touchOf(ref);
    return row < 0 ? this.expiresAt(ref) !== 0 : this.#touches.valueExpires(row);
  }

  /** The put that its touch names was not found. */
  isValueMissing(ref: number): boolean {
    const row = this.#touchOf(ref);
    return row >= 0 && this.#touches.isValueMissing(row);
  }

  /** Its row in the table of touches; below 0: it was not touched. */
  #touchOf(ref: number): number {
    const mayBe = this.#touches.count > 0 && this.#arena.hasExpiry(ref);
    return mayBe ? this.#touches.rowOf(ref) : -1;
  }

  version(ref: number): number {
    return this.#arena.version(ref);
  }

  /** Ms since 1970. */
  createdAt(ref: number): number {
    return this.#arena.createdAt(ref);
  }

  /** Of the record that has the value, in its segment; so are slot and bytes. */
  offset(ref: number): number {
    return this.#arena.offset(ref);
  }

  recordBytes(ref: number): number {
    return this.#arena.recordBytes(ref);
  }

  segmentSlot(ref: number): number {
    return this.#arena.segmentSlot(ref);
  }

  keyLength(ref: number): number {
    return this.#arena.keyLength(ref);
  }

  /** Ms since 1970; 0: never. */
  expiresAt(ref: number): number {
    return this.#arena.hasExpiry(ref) ? this.#expiry.expiresAt(ref) : 0;
  }

  /** Copies the key to `target` from `at` on, which must have room; returns its length. */
  copyKey(ref: number, target: Uint8Array, at: number): number {
    return this.#arena.copyKey(ref, target, at);
  }

  /** The entry's key against `buffer[start, start + length)`: below 0, 0, or above 0. */
  compareKey(ref: number, buffer: Uint8Array, start: number, length: number): number {
    return this.#arena.compare(ref, 0, buffer, start, length);
  }

  // Writing.

  /**
   * Adds the key or replaces its entry in place; returns the entry. `recordBytes` is below
   * 2^30, `createdAt` below 2^43, `expiresAt` below 2^48 (0: never). KEYDIR_FULL, with nothing
   * changed, at a structural limit that `isFullFor` would have told.
   */
  upsert(
    buffer: Uint8Array,
    start: number,
    length: number,
    segmentSlot: number,
    offset: number,
    recordBytes: number,
    sequence: number,
    version: number,
    createdAt: number,
    expiresAt: number,
  ): number {
    assert(!this.#isLoading, 'no writes while loading');
    assert(recordBytes < RECORD_BYTES_LIMIT, 'record bytes');
    const hash = this.#hashOf(buffer, start, length);
    let ref = this.#hash.find(hash, buffer, start, length);
    this.#clearPrevious();
    if (ref === 0) {
      ref = this.#add(hash, buffer, start, length);
      this.#addToIndex(ref);
      this.#count++;
    } else if (this.#isTombstone(ref)) {
      this.#revive(ref);
    } else {
      this.#notePrevious(ref);
    }
    this.#arena.setLocation(ref, segmentSlot, offset, recordBytes);
    this.#arena.setMeta(ref, sequence, version, createdAt);
    this.#setExpiry(ref, expiresAt);
    return ref;
  }

  /** Gives an entry, which must be there, another revision and expiry; its value stays. */
  touch(
    buffer: Uint8Array,
    start: number,
    length: number,
    segmentSlot: number,
    recordBytes: number,
    sequence: number,
    updatedAt: number,
    expiresAt: number,
  ): void {
    assert(!this.#isLoading, 'no writes while loading');
    const ref = this.find(buffer, start, length);
    assert(ref !== 0, 'an entry that is touched is there');
    this.#clearPrevious();
    const row = this.#rowForTouch(ref);
    this.#touches.setTouch(row, segmentSlot, recordBytes, updatedAt);
    this.#arena.setMeta(ref, sequence, this.#arena.version(ref), this.#arena.createdAt(ref));
    this.#setExpiry(ref, expiresAt);
  }

  /** The row of an entry with a value; notes the touch that is displaced, and keeps the put. */
  #rowForTouch(ref: number): number {
    const before = this.#touchOf(ref);
    if (before >= 0) {
      this.#notePreviousTouch(before);
      return before;
    }
    const expires = this.expiresAt(ref) !== 0;
    const row = this.#touches.add(ref);
    this.#touches.setValue(row, this.#arena.sequence(ref), expires, false);
    this.#arena.setHasExpiry(ref, true);
    return row;
  }

  /** Removes the key. False: there is none. */
  remove(buffer: Uint8Array, start: number, length: number): boolean {
    return this.#remove(buffer, start, length, -1);
  }

  /** Removes the key if its entry has this sequence. False: nothing was removed. */
  removeIfSequence(buffer: Uint8Array, start: number, length: number, sequence: number): boolean {
    return this.#remove(buffer, start, length, sequence);
  }

  /**
   * Points the key's entry at a copy of the record that has its value, if that still is the one
   * with this sequence. False: it is not, and nothing changed. Else `previousSlot` and
   * `previousRecordBytes` tell where it was.
   */
  relocate(
    buffer: Uint8Array,
    start: number,
    length: number,
    sequence: number,
    newSlot: number,
    newOffset: number,
    newRecordBytes: number,
  ): boolean {
    const ref = this.find(buffer, start, length);
    this.#clearPrevious();
    if (ref === 0 || this.valueSequence(ref) !== sequence) return false;
    const row = this.#touchOf(ref);
    if (row >= 0 && this.#touches.isValueMissing(row)) return false;
    this.#moveValue(ref, newSlot, newOffset, newRecordBytes);
    return true;
  }

  #moveValue(ref: number, newSlot: number, newOffset: number, newRecordBytes: number): void {
    this.previousSlot = this.#arena.segmentSlot(ref);
    this.previousRecordBytes = this.#arena.recordBytes(ref);
    this.#arena.setLocation(ref, newSlot, newOffset, newRecordBytes);
  }

  /**
   * Points a touched entry at the copy of its value that has taken in the touch with this
   * sequence, if that still is its value, be it touched again since. False: it is not, and nothing
   * changed. A touch names the newest put before it: a value that is older than this one can only
   * be what was copied.
   */
  relocateTouched(
    buffer: Uint8Array,
    start: number,
    length: number,
    sequence: number,
    newSlot: number,
    newOffset: number,
    newRecordBytes: number,
    newExpiresAt: number,
  ): boolean {
    const ref = this.find(buffer, start, length);
    this.#clearPrevious();
    const row = ref === 0 ? -1 : this.#touchOf(ref);
    if (row < 0 || this.#touches.isValueMissing(row)) return false;
    const newest = this.#arena.sequence(ref);
    if (newest < sequence || this.#touches.valueSequence(row) >= sequence) return false;
    this.#moveValue(ref, newSlot, newOffset, newRecordBytes);
    if (newest > sequence) {
      this.#touches.setValue(row, sequence, newExpiresAt !== 0, false);
      return true;
    }
    this.#notePreviousTouch(row);
    const expires = this.expiresAt(ref) !== 0;
    this.#touches.remove(ref);
    this.#arena.setHasExpiry(ref, expires);
    return true;
  }

  /**
   * Takes note that the record of a touch was copied, if the entry still has its sequence. False:
   * it has not. Else `previousTouchSlot` and `previousTouchBytes` tell where it was.
   */
  relocateTouch(
    buffer: Uint8Array,
    start: number,
    length: number,
    sequence: number,
    newSlot: number,
    newOffset: number,
    newRecordBytes: number,
  ): boolean {
    const ref = this.find(buffer, start, length);
    this.#clearPrevious();
    if (ref === 0 || this.#arena.sequence(ref) !== sequence) return false;
    const row = this.#touchOf(ref);
    if (row < 0) return false;
    this.#notePreviousTouch(row);
    this.#touches.setTouch(row, newSlot, newRecordBytes, this.#touches.updatedAt(row));
    const isAlone = this.#touches.isValueMissing(row);
    if (isAlone) this.#arena.setLocation(ref, newSlot, newOffset, newRecordBytes);
    return true;
  }

  /**
   * Removes all entries at once: empty tables take the place of those that are full, which are
   * left to the collector. References and cursors got before are void.
   */
  clear(): void {
    assert(!this.#isLoading, 'no writes while loading');
    this.#arena = new EntryArena();
    this.#hash = new HashShards(this.#arena);
    this.#expiry = new ExpiryTable();
    this.#touches = new TouchTable();
    this.#index = new SortedIndex(this.#arena);
    this.#compactor = this.#newCompactor();
    this.#build = undefined;
    this.#isReady = true;
    this.#count = 0;
    this.#tombstones = 0;
    this.#clearPrevious();
    this.#watching?.cleared(this.#index, this.#arena);
  }

  #newCompactor(): ArenaCompactor {
    return new ArenaCompactor(this.#arena, {
      entryMoved: (from, to) => this.#entryMoved(from, to),
    });
  }

  #remove(buffer: Uint8Array, start: number, length: number, ifSequence: number): boolean {
    assert(!this.#isLoading, 'no writes while loading');
    this.#clearPrevious();
    const hash = this.#hashOf(buffer, start, length);
    const ref = this.#hash.find(hash, buffer, start, length);
    if (ref === 0 || this.#isTombstone(ref)) return false;
    if (ifSequence >= 0 && this.#arena.sequence(ref) !== ifSequence) return false;
    this.#notePrevious(ref);
    this.#hash.remove(hash, ref);
    this.#setExpiry(ref, 0);
    this.#count--;
    if (this.#isReady) {
      this.#watching?.removed(ref);
      this.#index.remove(ref);
      this.#arena.free(ref);
    } else {
      this.#arena.setDead(ref, true);
      this.#build?.entryRemoved(ref);
    }
    return true;
  }

  #add(hash: number, buffer: Uint8Array, start: number, length: number): number {
    const hasSlot = this.#hash.reserve(hash);
    const ref = hasSlot ? this.#arena.allocate(buffer, start, length) : 0;
    if (ref === 0) throw keydirFull();
    this.#hash.insert(hash, ref);
    return ref;
  }

  #addToIndex(ref: number): void {
    if (!this.#isReady) {
      this.#build?.entryAdded(ref);
      return;
    }
    this.#index.insert(ref);
    this.#watching?.added(ref);
  }

  #isTombstone(ref: number): boolean {
    return this.#tombstones > 0 && this.#arena.isDead(ref);
  }

  /** A tombstone becomes a key again; its block already is in a run. */
  #revive(ref: number): void {
    this.#arena.setDead(ref, false);
    this.#tombstones--;
    this.#count++;
  }

  #setExpiry(ref: number, expiresAt: number): void {
    if (expiresAt !== 0) {
      this.#expiry.set(ref, expiresAt);
      this.#arena.setHasExpiry(ref, true);
    } else if (this.#arena.hasExpiry(ref)) {
      this.#expiry.remove(ref);
      this.#arena.setHasExpiry(ref, this.#touches.rowOf(ref) >= 0);
    }
  }

  #clearPrevious(): void {
    this.previousSlot = -1;
    this.previousRecordBytes = -1;
    this.previousSequence = -1;
    this.previousTouchSlot = -1;
    this.previousTouchBytes = -1;
  }

  /** What the entry points at is displaced; it is not a touched one any more. */
  #notePrevious(ref: number): void {
    this.previousSlot = this.#arena.segmentSlot(ref);
    this.previousRecordBytes = this.#arena.recordBytes(ref);
    this.previousSequence = this.#arena.sequence(ref);
    const row = this.#touchOf(ref);
    if (row < 0) return;
    this.#notePreviousTouch(row);
    if (this.#touches.isValueMissing(row)) this.previousSlot = -1;
    this.#touches.remove(ref);
  }

  #notePreviousTouch(row: number): void {
    this.previousTouchSlot = this.#touches.slot(row);
    this.previousTouchBytes = this.#touches.recordBytes(row);
  }

  #hashOf(buffer: Uint8Array, start: number, length: number): number {
    return hashBytes(buffer, start, length, this.#seed, this.#mask);
  }

  // Expiry.

  /**
   * An entry that expired at or before `now` and was not given by this before; 0: none. It
   * stays, expired, until it is removed; an upsert makes it due again.
   */
  popDue(now: number): number {
    return this.#expiry.popDue(now);
  }

  /** Makes a popped entry due again, e.g. when its removal failed. */
  rearmExpiry(ref: number): void {
    const expiresAt = this.expiresAt(ref);
    if (expiresAt !== 0) this.#expiry.set(ref, expiresAt);
  }

  /** The earliest expiry that was not popped, ms since 1970; 0: there is none. */
  get nextExpiry(): number {
    return this.#expiry.nextExpiry();
  }

  // Loading.

  /**
   * Begins to load into an empty keydir. No find, no write until `loadEnd`.
   * @param expectedKeys about how many keys there will be; a wrong guess costs memory only
   */
  loadBegin(expectedKeys = 0): void {
    assert(this.#count === 0 && this.#build === undefined, 'a load fills an empty keydir');
    this.#hash.expect(expectedKeys);
    this.#isLoading = true;
    this.#isReady = false;
    this.#build = new IndexBuild(this.#arena, this.#index, {
      dropTombstone: (ref) => this.#dropTombstone(ref),
      release: (ref) => this.#arena.free(ref),
    });
  }

  /**
   * Begins a hint file or segment. Keys best come in ascending order, but need not.
   * @param isAscending the caller checks that they do, and vouches for it; `loadLater` may be used
   */
  loadRunBegin(isAscending: boolean): void {
    this.#isBatching = isAscending;
    this.#build?.runs.begin(isAscending);
  }

  /**
   * Whether so many entries more may be loaded before `loadSettleStep` has settled all; at least
   * 100,000 may where all are settled.
   */
  hasLoadRoomFor(entries: number): boolean {
    return this.#batch === undefined || this.#batch.count + entries <= this.#batch.capacity;
  }

  /**
   * Takes a put without expiry, as `loadEntry` does, but later: `loadSettleStep` must have settled
   * it before `loadRunEnd`. False: it is void, and not taken.
   */
  loadLater(
    buffer: Uint8Array,
    keyStart: number,
    keyLength: number,
    segmentSlot: number,
    offset: number,
    recordBytes: number,
    sequence: number,
    version: number,
    createdAt: number,
  ): boolean {
    assert(this.#isLoading && this.#isBatching, 'a run of ascending keys has begun');
    assert(recordBytes < RECORD_BYTES_LIMIT, 'record bytes');
    if (this.#isVoid(sequence)) return false;
    this.#batch ??= new LoadBatch();
    const ref = this.#arena.allocate(buffer, keyStart, keyLength);
    if (ref === 0) throw keydirFull();
    this.#arena.setLocation(ref, segmentSlot, offset, recordBytes);
    this.#arena.setMeta(ref, sequence, version, createdAt);
    this.#batch.add(this.#hashOf(buffer, keyStart, keyLength), ref);
    return true;
  }

  /**
   * Settles about `budget` entries (0.05 to 0.2 us each) that `loadLater` took; true when that is all.
   * `settled` is told of each for which `loadEntry` would not just have returned true without
   * displacing anything: what that would have returned, and the bytes of its record. What is
   * displaced is told as `loadEntry` tells it.
   */
  loadSettleStep(
    budget: number,
    settled: (isNewest: boolean, recordBytes: number) => void,
  ): boolean {
    const batch = this.#batch;
    if (batch === undefined) return true;
    if (!batch.isSorted) batch.sort();
    const end = Math.min(batch.count, batch.settled + budget);
    for (; batch.settled < end; batch.settled++) {
      const place = batch.order[batch.settled] as number;
      const ref = batch.refs[place] as number;
      const present = this.#hash.takeIn(batch.orderHashes[batch.settled] as number, ref);
      if (present === 0) {
        this.#count++;
        continue;
      }
      if (present < 0) throw keydirFull();
      if (present === ref) continue; // was added at once
      batch.refs[place] = 0;
      const recordBytes = this.#arena.recordBytes(ref);
      settled(this.#loadOver(present, ref), recordBytes);
    }
    if (batch.settled < batch.count) return false;
    this.#build?.runs.addAll(batch.refs, batch.count);
    batch.clear();
    return true;
  }

  /** Like `loadEntry` of an entry that has a block of its own and whose key is there. */
  #loadOver(present: number, ref: number): boolean {
    const arena = this.#arena;
    const segmentSlot = arena.segmentSlot(ref);
    const offset = arena.offset(ref);
    const recordBytes = arena.recordBytes(ref);
    const sequence = arena.sequence(ref);
    const version = arena.version(ref);
    const createdAt = arena.createdAt(ref);
    arena.free(ref);
    return this.#loadInto(
      present,
      false,
      segmentSlot,
      offset,
      recordBytes,
      sequence,
      version,
      createdAt,
      0,
    );
  }

  /** A key that was not there is, and stands in the run at hand. */
  #addToRun(hash: number, ref: number): void {
    if (this.#isBatching && this.#batch !== undefined) this.#batch.add(hash, ref);
    else this.#build?.runs.add(ref);
    this.#count++;
  }

  /**
   * Takes a put or a tombstone; that with the highest sequence of each key counts, in whatever
   * order they come. False: a record with this or a higher sequence was there, nothing changed.
   */
  loadEntry(
    buffer: Uint8Array,
    keyStart: number,
    keyLength: number,
    isTombstone: boolean,
    segmentSlot: number,
    offset: number,
    recordBytes: number,
    sequence: number,
    version: number,
    createdAt: number,
    expiresAt: number,
  ): boolean {
    assert(this.#isLoading, 'a load has begun');
    assert(recordBytes < RECORD_BYTES_LIMIT, 'record bytes');
    if (this.#isVoid(sequence)) return false;
    const hash = this.#hashOf(buffer, keyStart, keyLength);
    const present = this.#hash.find(hash, buffer, keyStart, keyLength);
    if (present !== 0) {
      return this.#loadInto(
        present,
        isTombstone,
        segmentSlot,
        offset,
        recordBytes,
        sequence,
        version,
        createdAt,
        expiresAt,
      );
    }
    this.#clearPrevious();
    const ref = this.#add(hash, buffer, keyStart, keyLength);
    this.#addToRun(hash, ref);
    this.#arena.setLocation(ref, segmentSlot, offset, recordBytes);
    this.#arena.setMeta(ref, sequence, version, createdAt);
    if (expiresAt !== 0 && !isTombstone) this.#setExpiry(ref, expiresAt);
    if (isTombstone) this.#bury(ref);
    return true;
  }

  /** Takes a put or a tombstone of a key that is there, if it is newer. */
  #loadInto(
    ref: number,
    isTombstone: boolean,
    segmentSlot: number,
    offset: number,
    recordBytes: number,
    sequence: number,
    version: number,
    createdAt: number,
    expiresAt: number,
  ): boolean {
    this.#clearPrevious();
    if (this.#arena.sequence(ref) >= sequence && !this.#isTakenIn(ref, sequence, isTombstone)) {
      return this.#completeTouch(
        ref,
        isTombstone,
        segmentSlot,
        offset,
        recordBytes,
        sequence,
        expiresAt,
      );
    }
    if (this.#isTombstone(ref)) this.#revive(ref);
    else this.#notePrevious(ref);
    this.#arena.setLocation(ref, segmentSlot, offset, recordBytes);
    this.#arena.setMeta(ref, sequence, version, createdAt);
    this.#setExpiry(ref, isTombstone ? 0 : expiresAt);
    if (isTombstone) this.#bury(ref);
    return true;
  }

  /** A merge wrote the put and its touch, which is what is there now, as this put. */
  #isTakenIn(ref: number, sequence: number, isTombstone: boolean): boolean {
    return !isTombstone && this.#arena.sequence(ref) === sequence && this.#touchOf(ref) >= 0;
  }

  /**
   * The put that a touch named comes after it: the value is found. Repair leaves a tombstone in
   * place of a put that is lost: then the key is gone, touched or not.
   */
  #completeTouch(
    ref: number,
    isTombstone: boolean,
    segmentSlot: number,
    offset: number,
    recordBytes: number,
    sequence: number,
    expiresAt: number,
  ): boolean {
    const row = this.#touchOf(ref);
    if (row < 0 || sequence >= this.#arena.sequence(ref)) return false;
    if (!this.#touches.isValueMissing(row) || sequence < this.#touches.valueSequence(row)) {
      return false;
    }
    if (isTombstone) {
      this.#notePrevious(ref);
      this.#setExpiry(ref, 0);
      this.#bury(ref);
      return true;
    }
    this.#arena.setLocation(ref, segmentSlot, offset, recordBytes);
    this.#touches.setValue(row, sequence, expiresAt !== 0, false);
    return true;
  }

  /**
   * Takes a touch: a key counts as touched if that is its newest record, in whatever order it and
   * the put that it names come. Until that comes the entry points at the touch itself, which no
   * reader takes for a value. False: it is superseded.
   */
  loadTouch(
    buffer: Uint8Array,
    keyStart: number,
    keyLength: number,
    segmentSlot: number,
    offset: number,
    recordBytes: number,
    sequence: number,
    version: number,
    createdAt: number,
    updatedAt: number,
    expiresAt: number,
    valueSequence: number,
  ): boolean {
    assert(this.#isLoading, 'a load has begun');
    if (this.#isVoid(sequence)) return false;
    const hash = this.#hashOf(buffer, keyStart, keyLength);
    let ref = this.#hash.find(hash, buffer, keyStart, keyLength);
    this.#clearPrevious();
    if (ref === 0) {
      ref = this.#add(hash, buffer, keyStart, keyLength);
      this.#addToRun(hash, ref);
    } else if (!this.#yieldsToTouch(ref, sequence, valueSequence)) {
      return false;
    }
    let row = this.#touchOf(ref);
    if (row < 0) row = this.#addLoneTouch(ref, valueSequence);
    this.#touches.setTouch(row, segmentSlot, recordBytes, updatedAt);
    if (this.#touches.isValueMissing(row)) {
      this.#arena.setLocation(ref, segmentSlot, offset, recordBytes);
    }
    this.#arena.setMeta(ref, sequence, version, createdAt);
    this.#setExpiry(ref, expiresAt);
    return true;
  }

  /** Makes way for a newer touch: what holds the value that it names stays, all else goes. */
  #yieldsToTouch(ref: number, sequence: number, valueSequence: number): boolean {
    const present = this.#arena.sequence(ref);
    if (present >= sequence) return false;
    if (this.#isTombstone(ref)) {
      if (present >= valueSequence) return false;
      this.#revive(ref);
      return true;
    }
    const row = this.#touchOf(ref);
    const isMissing = row >= 0 && this.#touches.isValueMissing(row);
    if (isMissing || this.valueSequence(ref) < valueSequence) this.#notePrevious(ref);
    else this.#rowForTouch(ref);
    return true;
  }

  /** A touch whose put is not there, yet. */
  #addLoneTouch(ref: number, valueSequence: number): number {
    const row = this.#touches.add(ref);
    this.#touches.setValue(row, valueSequence, false, true);
    this.#arena.setHasExpiry(ref, true);
    return row;
  }

  /** Ends a hint file or segment. */
  loadRunEnd(): void {
    assert(this.#batch === undefined || this.#batch.count === 0, 'all is settled');
    this.#build?.runs.end();
  }

  /** Takes a clear, in whatever order: every record with a lower sequence is void. */
  loadClear(sequence: number): void {
    assert(this.#isLoading, 'a load has begun');
    this.#voidBelow = Math.max(this.#voidBelow, sequence);
  }

  /** The sequence of the newest clear that was loaded; 0: none was. */
  get clearedBelow(): number {
    return this.#voidBelow;
  }

  #isVoid(sequence: number): boolean {
    if (sequence < this.#voidBelow) return true;
    if (sequence < this.#lowestLoaded) this.#lowestLoaded = sequence;
    return false;
  }

  /**
   * Once all is loaded: removes what was taken before the clear that voids it; about `budget`
   * entries at a time. `displaced` is told of each as `loadEntry` tells of what it displaces.
   * True when that is all.
   */
  loadSweepStep(budget: number, displaced: () => void): boolean {
    const refs = this.#build?.runs.refs;
    if (refs === undefined || this.#lowestLoaded >= this.#voidBelow) return true;
    const end = Math.min(refs.length, this.#swept + budget);
    for (; this.#swept < end; this.#swept++) {
      const ref = refs.get(this.#swept);
      if (this.#arena.isDead(ref) || this.#arena.sequence(ref) >= this.#voidBelow) continue;
      this.#clearPrevious();
      this.#notePrevious(ref);
      this.#setExpiry(ref, 0);
      this.#bury(ref);
      displaced();
    }
    return this.#swept === refs.length;
  }

  /** Ends the load: from here on everything works except ranges, which wait for the index. */
  loadEnd(): void {
    this.#isLoading = false;
    this.#batch = undefined;
  }

  #bury(ref: number): void {
    this.#arena.setDead(ref, true);
    this.#build?.tombstones.push(ref);
    this.#tombstones++;
    this.#count--;
  }

  #dropTombstone(ref: number): boolean {
    if (!this.#hash.remove(this.#hashOfEntry(ref), ref)) return false;
    this.#tombstones--;
    return true;
  }

  // The index.

  /** Whether ranges work. */
  get indexReady(): boolean {
    return this.#isReady;
  }

  /** Builds for about `budget` references (0.4 us each); true when all is done. */
  indexBuildStep(budget: number): boolean {
    assert(!this.#isLoading, 'the load has ended');
    if (this.#build === undefined) return true;
    const isDone = this.#build.step(budget);
    this.#isReady = this.#build.isReady;
    if (isDone) this.#build = undefined;
    return isDone;
  }

  /** A cursor over the entries in key order; may be kept, and must seek anew in each turn. */
  newCursor(): IndexCursor {
    return new IndexCursor(this.#index);
  }

  /** A count of the keys within the bounds; one over several turns needs `watch`. */
  newTally(bounds: KeyBounds): RangeTally {
    return new RangeTally(this.#index, this.#arena, bounds);
  }

  /** Keeps a count right while keys come and go; one at a time. Undefined: it is over. */
  watch(tally: RangeTally | undefined): void {
    assert(tally === undefined || this.#watching === undefined, 'one count at a time');
    this.#watching = tally;
  }

  // Compaction.

  /** Whether `compactStep` has work. O(1). */
  get compactionNeeded(): boolean {
    return this.#build === undefined && this.#compactor.isNeeded;
  }

  /**
   * Moves at most `budgetEntries` entries (1-3 us each), so that freed memory can be used again;
   * true while there is more to do. References and cursors got before are void.
   */
  compactStep(budgetEntries: number): boolean {
    return this.#build === undefined && this.#compactor.step(budgetEntries);
  }

  #entryMoved(from: number, to: number): void {
    this.#hash.replace(this.#hashOfEntry(from), from, to);
    this.#index.rename(from, to);
    if (!this.#arena.hasExpiry(from)) return;
    this.#expiry.rename(from, to);
    this.#touches.rename(from, to);
  }

  #hashOfEntry(ref: number): number {
    const arena = this.#arena;
    return this.#hashOf(arena.keyBuffer(ref), arena.keyStart(ref), arena.keyLength(ref));
  }
}

function keydirFull(): CaskError {
  return new CaskError('KEYDIR_FULL', 'the keydir cannot hold more keys');
}
