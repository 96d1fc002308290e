/**
 * Loading a keydir from hints and segments: `loadBegin`, runs of entries, `loadEnd`; the index is
 * built after that. Records come in whatever order; what each displaces is told as writes tell it.
 */

import { assert } from '../../errors/cask-error.ts';
import { RECORD_BYTES_LIMIT } from './entry-blocks.ts';
import { IndexBuild } from './index-build.ts';
import { FETCH_MAX, KeydirTables, keydirFull } from './keydir-tables.ts';
import { LoadBatch } from './load-batch.ts';

export class KeydirLoad extends KeydirTables {
  /** Entries that are taken by many at a time, in runs that allow it. */
  #batch: LoadBatch | undefined;
  #isBatching = false;
  /** What a clear voids, and the lowest sequence that was taken before. */
  #voidBelow = 0;
  #lowestLoaded = Number.MAX_SAFE_INTEGER;
  /** How far `loadSweepStep` is among the references of all runs. */
  #swept = 0;

  /** Bytes of what only loading and building the index need. */
  protected get loadBytesUsed(): number {
    const build = this.build === undefined ? 0 : this.build.bytesUsed;
    const batch = this.#batch === undefined ? 0 : this.#batch.bytesUsed;
    return build + batch;
  }

  /**
   * Begins to load into an empty keydir. No find, no write until `loadEnd`.
   * @param expectedKeys about how many keys there will be; a wrong guess costs memory only
   */
  loadBegin(expectedKeys = 0): void {
    assert(this.liveCount === 0 && this.build === undefined, 'a load fills an empty keydir');
    this.hash.expect(expectedKeys);
    this.isLoading = true;
    this.isReady = false;
    this.build = new IndexBuild(this.arena, this.index, {
      dropTombstone: (ref) => this.#dropTombstone(ref),
      release: (ref) => this.arena.free(ref),
    });
  }

  /**
   * Begins a hint file or segment. Keys best come in ascending order, but need not.
   * @param isAscending the caller checks that they do, and vouches for it; `loadLater` may be used
   */
  loadRunBegin(isAscending: boolean): void {
    this.#isBatching = isAscending;
    this.build?.runs.begin(isAscending);
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
   * @param view of what has the key
   */
  loadLater(
    view: DataView,
    keyStart: number,
    keyLength: number,
    segmentSlot: number,
    offset: number,
    recordBytes: number,
    sequence: number,
    version: number,
    createdAt: number,
  ): boolean {
    assert(this.isLoading && this.#isBatching, 'a run of ascending keys has begun');
    assert(recordBytes < RECORD_BYTES_LIMIT, 'record bytes');
    if (this.#isVoid(sequence)) return false;
    this.#batch ??= new LoadBatch();
    const ref = this.arena.allocateOfView(view, keyStart, keyLength);
    if (ref === 0) throw keydirFull();
    this.arena.setLocation(ref, segmentSlot, offset, recordBytes);
    this.arena.setMeta(ref, sequence, version, createdAt);
    this.#batch.add(this.hashOfView(view, keyStart, keyLength), ref);
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
    let fetched = batch.settled;
    for (; batch.settled < end; batch.settled++) {
      if (batch.settled === fetched) {
        fetched = Math.min(fetched + FETCH_MAX, end);
        this.#fetch(batch.orderHashes, batch.settled, fetched);
      }
      const ref = batch.orderRefs[batch.settled] as number;
      const present = this.hash.takeIn(batch.orderHashes[batch.settled] as number, ref);
      if (present === 0) {
        this.liveCount++;
        continue;
      }
      if (present < 0) throw keydirFull();
      if (present === ref) continue; // was added at once
      batch.refs[batch.order[batch.settled] as number] = 0;
      const recordBytes = this.arena.recordBytes(ref);
      settled(this.#loadOver(present, ref), recordBytes);
    }
    if (batch.settled < batch.count) return false;
    this.build?.runs.addAll(batch.refs, batch.count);
    batch.clear();
    return true;
  }

  /** Brings near where hashes[start, end) go, all at once: one by one each would be waited for. */
  #fetch(hashes: Uint32Array, start: number, end: number): void {
    let seen = 0;
    for (let index = start; index < end; index++) seen ^= this.hash.home(hashes[index] as number);
    this.seen = seen;
  }

  /** Like `loadEntry` of an entry that has a block of its own and whose key is there. */
  #loadOver(present: number, ref: number): boolean {
    const arena = this.arena;
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
    else this.build?.runs.add(ref);
    this.liveCount++;
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
    assert(this.isLoading, 'a load has begun');
    assert(recordBytes < RECORD_BYTES_LIMIT, 'record bytes');
    if (this.#isVoid(sequence)) return false;
    const hash = this.hashOf(buffer, keyStart, keyLength);
    const present = this.hash.find(hash, buffer, keyStart, keyLength);
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
    this.clearPrevious();
    const ref = this.add(hash, buffer, keyStart, keyLength);
    this.#addToRun(hash, ref);
    this.arena.setLocation(ref, segmentSlot, offset, recordBytes);
    this.arena.setMeta(ref, sequence, version, createdAt);
    if (expiresAt !== 0 && !isTombstone) this.setExpiry(ref, expiresAt);
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
    this.clearPrevious();
    if (this.arena.sequence(ref) >= sequence && !this.#isTakenIn(ref, sequence, isTombstone)) {
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
    if (this.isTombstone(ref)) this.revive(ref);
    else this.notePrevious(ref);
    this.arena.setLocation(ref, segmentSlot, offset, recordBytes);
    this.arena.setMeta(ref, sequence, version, createdAt);
    this.setExpiry(ref, isTombstone ? 0 : expiresAt);
    if (isTombstone) this.#bury(ref);
    return true;
  }

  /** A merge wrote the put and its touch, which is what is there now, as this put. */
  #isTakenIn(ref: number, sequence: number, isTombstone: boolean): boolean {
    return !isTombstone && this.arena.sequence(ref) === sequence && this.touchOf(ref) >= 0;
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
    const row = this.touchOf(ref);
    if (row < 0 || sequence >= this.arena.sequence(ref)) return false;
    if (!this.touches.isValueMissing(row) || sequence < this.touches.valueSequence(row)) {
      return false;
    }
    if (isTombstone) {
      this.notePrevious(ref);
      this.setExpiry(ref, 0);
      this.#bury(ref);
      return true;
    }
    this.arena.setLocation(ref, segmentSlot, offset, recordBytes);
    this.touches.setValue(row, sequence, expiresAt !== 0, false);
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
    assert(this.isLoading, 'a load has begun');
    if (this.#isVoid(sequence)) return false;
    const hash = this.hashOf(buffer, keyStart, keyLength);
    let ref = this.hash.find(hash, buffer, keyStart, keyLength);
    this.clearPrevious();
    if (ref === 0) {
      ref = this.add(hash, buffer, keyStart, keyLength);
      this.#addToRun(hash, ref);
    } else if (!this.#yieldsToTouch(ref, sequence, valueSequence)) {
      return false;
    }
    let row = this.touchOf(ref);
    if (row < 0) row = this.#addLoneTouch(ref, valueSequence);
    this.touches.setTouch(row, segmentSlot, recordBytes, updatedAt);
    if (this.touches.isValueMissing(row)) {
      this.arena.setLocation(ref, segmentSlot, offset, recordBytes);
    }
    this.arena.setMeta(ref, sequence, version, createdAt);
    this.setExpiry(ref, expiresAt);
    return true;
  }

  /** Makes way for a newer touch: what holds the value that it names stays, all else goes. */
  #yieldsToTouch(ref: number, sequence: number, valueSequence: number): boolean {
    const present = this.arena.sequence(ref);
    if (present >= sequence) return false;
    if (this.isTombstone(ref)) {
      if (present >= valueSequence) return false;
      this.revive(ref);
      return true;
    }
    const row = this.touchOf(ref);
    const isMissing = row >= 0 && this.touches.isValueMissing(row);
    if (isMissing || this.valueSequence(ref) < valueSequence) this.notePrevious(ref);
    else this.rowForTouch(ref);
    return true;
  }

  /** A touch whose put is not there, yet. */
  #addLoneTouch(ref: number, valueSequence: number): number {
    const row = this.touches.add(ref);
    this.touches.setValue(row, valueSequence, false, true);
    this.arena.setHasExpiry(ref, true);
    return row;
  }

  /** Ends a hint file or segment. */
  loadRunEnd(): void {
    assert(this.#batch === undefined || this.#batch.count === 0, 'all is settled');
    this.build?.runs.end();
  }

  /** Takes a clear, in whatever order: every record with a lower sequence is void. */
  loadClear(sequence: number): void {
    assert(this.isLoading, 'a load has begun');
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
    const refs = this.build?.runs.refs;
    if (refs === undefined || this.#lowestLoaded >= this.#voidBelow) return true;
    const end = Math.min(refs.length, this.#swept + budget);
    for (; this.#swept < end; this.#swept++) {
      const ref = refs.get(this.#swept);
      if (this.arena.isDead(ref) || this.arena.sequence(ref) >= this.#voidBelow) continue;
      this.clearPrevious();
      this.notePrevious(ref);
      this.setExpiry(ref, 0);
      this.#bury(ref);
      displaced();
    }
    return this.#swept === refs.length;
  }

  /** Ends the load: from here on everything works except ranges, which wait for the index. */
  loadEnd(): void {
    this.isLoading = false;
    this.#batch = undefined;
  }

  #bury(ref: number): void {
    this.arena.setDead(ref, true);
    this.build?.tombstones.push(ref);
    this.tombstones++;
    this.liveCount--;
  }

  #dropTombstone(ref: number): boolean {
    if (!this.hash.remove(this.hashOfEntry(ref), ref)) return false;
    this.tombstones--;
    return true;
  }
}
