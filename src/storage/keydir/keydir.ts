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

import { assert } from '../../errors/cask-error.ts';
import { ArenaCompactor } from './arena-compactor.ts';
import { BLOCK_BYTES_MAX, EntryArena } from './entry-arena.ts';
import { CHUNK_BYTES, granulesFor, RECORD_BYTES_LIMIT } from './entry-blocks.ts';
import { ExpiryTable } from './expiry-table.ts';
import { HashShards } from './hash-shards.ts';
import { IndexCursor } from './index-cursor.ts';
import type { KeyBounds } from './key-bounds.ts';
import { KeydirLoad } from './keydir-load.ts';
import { FETCH_MAX } from './keydir-tables.ts';
import { RangeTally } from './range-tally.ts';
import { SortedIndex } from './sorted-index.ts';
import { TouchTable } from './touch-table.ts';

export interface KeydirOptions {
  /** What `isFullFor` measures against. Nothing else enforces it. */
  readonly maxBytes: number;
  /** At least 8 random bytes; they keep clients from choosing keys that collide. */
  readonly seed: Uint8Array;
}

/** Header and padding of an entry, at most. */
const ENTRY_OVERHEAD_MAX = granulesFor(1) * 4 - 1;

export class Keydir extends KeydirLoad {
  /** Counts what may make references void that were got before: removals, moves, clears. */
  moves = 0;
  /** Of `fetch`: hashes, then references. */
  readonly #fetched = new Uint32Array(FETCH_MAX);
  readonly #maxBytes: number;
  #compactor: ArenaCompactor = this.#newCompactor();
  /** A count underway that is told of what is added and removed. */
  #watching: RangeTally | undefined;

  constructor(options: KeydirOptions) {
    super(options.seed);
    this.#maxBytes = options.maxBytes;
  }

  /** Live entries, those that expired but were not removed yet included. */
  get count(): number {
    return this.liveCount;
  }

  /** Bytes of arena, hash, index, expiries and, while it is built, what the index needs. */
  get bytesUsed(): number {
    const fixed = this.arena.bytesUsed + this.hash.bytesUsed;
    return fixed + this.indexBytesUsed + this.expiry.bytesUsed + this.touches.bytesUsed;
  }

  /** Of these, what the index takes, and what it needs while it is built. */
  get indexBytesUsed(): number {
    return this.index.bytesUsed + this.loadBytesUsed;
  }

  /**
   * Whether adding so many keys, of so many key bytes in all, could exceed `maxBytes` or a
   * structural limit. Errs on the full side: assumes that each splits a node. O(1).
   */
  isFullFor(newKeys: number, keyBytesTotal: number): boolean {
    if (newKeys <= 0) return false;
    if (!this.hash.hasRoomFor(newKeys)) return true;
    let growth = this.hash.growthBytesMax(newKeys) + this.expiry.growthBytesMax(newKeys);
    if (newKeys > 1 || !this.arena.hasFreeBlock(keyBytesTotal)) {
      const entryBytes = newKeys * ENTRY_OVERHEAD_MAX + keyBytesTotal;
      const chunks = Math.ceil(entryBytes / (CHUNK_BYTES - BLOCK_BYTES_MAX)) + 1;
      if (chunks > this.arena.chunksLeft) return true;
      growth += entryBytes;
    }
    if (this.isReady) growth += this.index.growthBytesMax(newKeys, 0);
    else growth += this.index.growthBytesMax(newKeys + this.#addedCount(), this.liveCount);
    return this.bytesUsed + growth > this.#maxBytes;
  }

  /** Whether touching one more entry could exceed `maxBytes`. */
  get isFullForTouch(): boolean {
    const growth = this.touches.growthBytesMax(1) + this.expiry.growthBytesMax(1);
    return this.bytesUsed + growth > this.#maxBytes;
  }

  #addedCount(): number {
    return this.build === undefined ? 0 : this.build.addedCount;
  }

  // Reading.

  /** The entry of the key `buffer[start, start + length)`; 0: there is none. */
  find(
    buffer: Uint8Array,
    start: number,
    length: number,
    hash: number = this.hashOf(buffer, start, length),
  ): number {
    const ref = this.hash.find(hash, buffer, start, length);
    return this.tombstones > 0 && ref !== 0 && this.arena.isDead(ref) ? 0 : ref;
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
      words[index] = this.hashOf(buffer, starts[index] as number, lengths[index] as number);
    }
    // Each pass only reads what the one before has made known: where a branch hangs on what is read,
    // the processor would guess it wrong, and begin to fetch the next only once it is there.
    let seen = 0;
    for (let index = 0; index < count; index++) seen ^= this.hash.home(words[index] as number);
    for (let index = 0; index < count; index++) {
      words[index] = this.hash.probable(words[index] as number);
    }
    for (let index = 0; index < count; index++) {
      const ref = words[index] as number;
      if (ref !== 0) seen ^= this.arena.ends(ref, lengths[index] as number);
    }
    this.seen = seen;
    for (let index = 0; index < count; index++) {
      const ref = words[index] as number;
      sequences[index] = ref === 0 ? 0 : this.arena.sequence(ref);
    }
  }

  /**
   * Fetches entries into the processor's cache, all at once, as `fetch` does.
   * @param count of references, at most FETCH_MAX
   */
  fetchEntries(refs: Uint32Array, count: number): void {
    let seen = 0;
    for (let index = 0; index < count; index++) seen ^= this.arena.glance(refs[index] as number);
    this.seen = seen;
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
    hash: number = this.hashOf(buffer, start, length),
  ): number {
    assert(!this.isLoading, 'no writes while loading');
    assert(recordBytes < RECORD_BYTES_LIMIT, 'record bytes');
    let ref = this.hash.find(hash, buffer, start, length);
    this.clearPrevious();
    if (ref === 0) {
      ref = this.add(hash, buffer, start, length);
      this.#addToIndex(ref);
      this.liveCount++;
    } else if (this.isTombstone(ref)) {
      this.revive(ref);
    } else {
      this.notePrevious(ref);
    }
    this.arena.setLocation(ref, segmentSlot, offset, recordBytes);
    this.arena.setMeta(ref, sequence, version, createdAt);
    this.setExpiry(ref, expiresAt);
    return ref;
  }

  /**
   * What `upsert` does of a key that is there: `ref` is what `find` gave for it while `moves` was
   * what it is now.
   */
  update(
    ref: number,
    segmentSlot: number,
    offset: number,
    recordBytes: number,
    sequence: number,
    version: number,
    createdAt: number,
    expiresAt: number,
  ): void {
    assert(recordBytes < RECORD_BYTES_LIMIT, 'record bytes');
    this.clearPrevious();
    this.notePrevious(ref);
    this.arena.setLocation(ref, segmentSlot, offset, recordBytes);
    this.arena.setMeta(ref, sequence, version, createdAt);
    this.setExpiry(ref, expiresAt);
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
    assert(!this.isLoading, 'no writes while loading');
    const ref = this.find(buffer, start, length);
    assert(ref !== 0, 'an entry that is touched is there');
    this.clearPrevious();
    const row = this.rowForTouch(ref);
    this.touches.setTouch(row, segmentSlot, recordBytes, updatedAt);
    this.arena.setMeta(ref, sequence, this.arena.version(ref), this.arena.createdAt(ref));
    this.setExpiry(ref, expiresAt);
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
    this.clearPrevious();
    if (ref === 0 || this.valueSequence(ref) !== sequence) return false;
    const row = this.touchOf(ref);
    if (row >= 0 && this.touches.isValueMissing(row)) return false;
    this.#moveValue(ref, newSlot, newOffset, newRecordBytes);
    return true;
  }

  #moveValue(ref: number, newSlot: number, newOffset: number, newRecordBytes: number): void {
    this.previousSlot = this.arena.segmentSlot(ref);
    this.previousRecordBytes = this.arena.recordBytes(ref);
    this.arena.setLocation(ref, newSlot, newOffset, newRecordBytes);
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
    this.clearPrevious();
    const row = ref === 0 ? -1 : this.touchOf(ref);
    if (row < 0 || this.touches.isValueMissing(row)) return false;
    const newest = this.arena.sequence(ref);
    if (newest < sequence || this.touches.valueSequence(row) >= sequence) return false;
    this.#moveValue(ref, newSlot, newOffset, newRecordBytes);
    if (newest > sequence) {
      this.touches.setValue(row, sequence, newExpiresAt !== 0, false);
      return true;
    }
    this.notePreviousTouch(row);
    const expires = this.expiresAt(ref) !== 0;
    this.touches.remove(ref);
    this.arena.setHasExpiry(ref, expires);
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
    this.clearPrevious();
    if (ref === 0 || this.arena.sequence(ref) !== sequence) return false;
    const row = this.touchOf(ref);
    if (row < 0) return false;
    this.notePreviousTouch(row);
    this.touches.setTouch(row, newSlot, newRecordBytes, this.touches.updatedAt(row));
    const isAlone = this.touches.isValueMissing(row);
    if (isAlone) this.arena.setLocation(ref, newSlot, newOffset, newRecordBytes);
    return true;
  }

  /**
   * Removes all entries at once: empty tables take the place of those that are full, which are
   * left to the collector. References and cursors got before are void.
   */
  clear(): void {
    assert(!this.isLoading, 'no writes while loading');
    this.moves++;
    this.arena = new EntryArena();
    this.hash = new HashShards(this.arena);
    this.expiry = new ExpiryTable();
    this.touches = new TouchTable();
    this.index = new SortedIndex(this.arena);
    this.#compactor = this.#newCompactor();
    this.build = undefined;
    this.isReady = true;
    this.liveCount = 0;
    this.tombstones = 0;
    this.clearPrevious();
    this.#watching?.cleared(this.index, this.arena);
  }

  #newCompactor(): ArenaCompactor {
    return new ArenaCompactor(this.arena, {
      entryMoved: (from, to) => this.#entryMoved(from, to),
    });
  }

  #remove(buffer: Uint8Array, start: number, length: number, ifSequence: number): boolean {
    assert(!this.isLoading, 'no writes while loading');
    this.clearPrevious();
    const hash = this.hashOf(buffer, start, length);
    const ref = this.hash.find(hash, buffer, start, length);
    if (ref === 0 || this.isTombstone(ref)) return false;
    if (ifSequence >= 0 && this.arena.sequence(ref) !== ifSequence) return false;
    this.notePrevious(ref);
    this.moves++;
    this.hash.remove(hash, ref);
    this.setExpiry(ref, 0);
    this.liveCount--;
    if (this.isReady) {
      this.#watching?.removed(ref);
      this.index.remove(ref);
      this.arena.free(ref);
    } else {
      this.arena.setDead(ref, true);
      this.build?.entryRemoved(ref);
    }
    return true;
  }

  #addToIndex(ref: number): void {
    if (!this.isReady) {
      this.build?.entryAdded(ref);
      return;
    }
    this.index.insert(ref);
    this.#watching?.added(ref);
  }

  // Expiry.

  /**
   * An entry that expired at or before `now` and was not given by this before; 0: none. It
   * stays, expired, until it is removed; an upsert makes it due again.
   */
  popDue(now: number): number {
    return this.expiry.popDue(now);
  }

  /** Makes a popped entry due again, e.g. when its removal failed. */
  rearmExpiry(ref: number): void {
    const expiresAt = this.expiresAt(ref);
    if (expiresAt !== 0) this.expiry.set(ref, expiresAt);
  }

  /** The earliest expiry that was not popped, ms since 1970; 0: there is none. */
  get nextExpiry(): number {
    return this.expiry.nextExpiry();
  }

  // The index.

  /** Whether ranges work. */
  get indexReady(): boolean {
    return this.isReady;
  }

  /** Builds for about `budget` references (0.4 us each); true when all is done. */
  indexBuildStep(budget: number): boolean {
    assert(!this.isLoading, 'the load has ended');
    if (this.build === undefined) return true;
    const isDone = this.build.step(budget);
    this.isReady = this.build.isReady;
    if (isDone) this.build = undefined;
    return isDone;
  }

  /** A cursor over the entries in key order; may be kept, and must seek anew in each turn. */
  newCursor(): IndexCursor {
    return new IndexCursor(this.index);
  }

  /** A count of the keys within the bounds; one over several turns needs `watch`. */
  newTally(bounds: KeyBounds): RangeTally {
    return new RangeTally(this.index, this.arena, bounds);
  }

  /** Keeps a count right while keys come and go; one at a time. Undefined: it is over. */
  watch(tally: RangeTally | undefined): void {
    assert(tally === undefined || this.#watching === undefined, 'one count at a time');
    this.#watching = tally;
  }

  // Compaction.

  /** Whether `compactStep` has work. O(1). */
  get compactionNeeded(): boolean {
    return this.build === undefined && this.#compactor.isNeeded;
  }

  /**
   * Moves at most `budgetEntries` entries (1-3 us each), so that freed memory can be used again;
   * true while there is more to do. References and cursors got before are void.
   */
  compactStep(budgetEntries: number): boolean {
    return this.build === undefined && this.#compactor.step(budgetEntries);
  }

  #entryMoved(from: number, to: number): void {
    this.moves++;
    this.hash.replace(this.hashOfEntry(from), from, to);
    this.index.rename(from, to);
    if (!this.arena.hasExpiry(from)) return;
    this.expiry.rename(from, to);
    this.touches.rename(from, to);
  }
}
