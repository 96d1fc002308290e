/**
 * The value of a key in its newest sequenced state, for those who change it: in the buffer of the
 * group that is on its way to the disk, in the cache, in the log on the loop where that is allowed
 * now, or else by a read that has to be waited for.
 */

import { CaskError, toCaskError } from '../../errors/cask-error.ts';
import { RecordView, viewTrustedRecord } from '../format/record.ts';
import type { Keydir } from '../keydir/keydir.ts';
import type { SegmentCatalog } from '../log/segment-catalog.ts';
import { blankEntry, type EntryView } from '../reply-sink.ts';
import type { GroupCommit } from '../write/group-commit.ts';
import type { PriorState } from '../write/prior-state.ts';
import type { RecordLocation } from './record-fetch.ts';
import { isOfKey, type RecordReader } from './record-reader.ts';
import type { ValueCache } from './value-cache.ts';

/** A record that was waited for, or why it could not be read. */
export interface FetchedRecord {
  readonly sequence: number;
  readonly buffer: Uint8Array;
  readonly view: RecordView;
  readonly error: CaskError | undefined;
}

const NO_BYTES = new Uint8Array(0);

export class EntrySource {
  /** What `fill` filled in. */
  readonly entry: EntryView = blankEntry();
  readonly #keydir: Keydir;
  readonly #catalog: SegmentCatalog;
  readonly #cache: ValueCache;
  readonly #reader: RecordReader;
  readonly #commit: GroupCommit;
  readonly #view = new RecordView();

  constructor(
    keydir: Keydir,
    catalog: SegmentCatalog,
    cache: ValueCache,
    reader: RecordReader,
    commit: GroupCommit,
  ) {
    this.#keydir = keydir;
    this.#catalog = catalog;
    this.#cache = cache;
    this.#reader = reader;
    this.#commit = commit;
  }

  /** All of the key that `prior` describes, and that exists, but for its value. */
  fillMeta(prior: PriorState): void {
    const { entry } = this;
    entry.buffer = NO_BYTES;
    entry.valueStart = 0;
    entry.valueBytes = 0;
    entry.revision = prior.revision;
    entry.version = prior.version;
    entry.createdAt = prior.createdAt;
    entry.updatedAt = prior.touchedAt;
    entry.expiresAt = prior.expiresAt;
  }

  /**
   * The entry that `prior` describes, with its value.
   * @param fetched what was waited for, if anything was
   * @returns false: its record has to be waited for
   * @throws CaskError CORRUPT, IO_ERROR, and what the fetching failed of
   */
  fill(
    prior: PriorState,
    key: Uint8Array,
    keyStart: number,
    keyBytes: number,
    fetched: FetchedRecord | undefined,
  ): boolean {
    this.fillMeta(prior);
    const { valueSequence } = prior;
    if (this.#fillFromGroup(prior)) return true;
    const cache = this.#cache;
    const cachedAt = cache.find(valueSequence);
    if (cachedAt >= 0) {
      const { entry } = this;
      entry.buffer = cache.buffer;
      entry.valueStart = cachedAt;
      entry.valueBytes = cache.foundBytes;
      entry.updatedAt ||= cache.foundUpdatedAt;
      return true;
    }
    const { segment, offset, recordBytes, sequence } = this.#location(prior);
    if (fetched?.sequence === sequence) {
      if (fetched.error !== undefined) throw fetched.error;
      this.#verified(fetched.buffer, fetched.view, key, keyStart, keyBytes);
      return true;
    }
    if (!this.#reader.readNow(segment, offset, recordBytes, sequence)) return false;
    this.#verified(this.#reader.buffer, this.#reader.view, key, keyStart, keyBytes);
    return true;
  }

  /** The value of a put that is on its way to the disk; false: it is there already. */
  #fillFromGroup({ dependsOn, valueSequence, view }: PriorState): boolean {
    if (dependsOn === undefined) return false;
    if (view.sequence === valueSequence) {
      this.#take(dependsOn.buffer, view);
      return true;
    }
    // It was touched since.
    const group = this.#commit.groupOf(valueSequence);
    if (group === undefined) return false;
    viewTrustedRecord(group.buffer, group.recordAtOf(valueSequence), this.#view);
    this.#take(group.buffer, this.#view);
    return true;
  }

  /** Where the record is that `fill` could not get; undefined: nowhere on the disk. */
  locationOf(prior: PriorState): RecordLocation | undefined {
    if (!prior.exists) return undefined;
    const isOnDisk = this.#commit.groupOf(prior.valueSequence) === undefined;
    return isOnDisk ? this.#location(prior) : undefined;
  }

  /** A merge may have given it the sequence of a touch since `prior` was touched: the keydir says. */
  #location({ ref }: PriorState): RecordLocation {
    const keydir = this.#keydir;
    return {
      segment: this.#catalog.atSlot(keydir.segmentSlot(ref)),
      offset: keydir.offset(ref),
      recordBytes: keydir.recordBytes(ref),
      sequence: keydir.valueSequence(ref),
    };
  }

  /** Never rejects. */
  async fetch(location: RecordLocation, keyBytes: number): Promise<FetchedRecord> {
    const { sequence } = location;
    const view = new RecordView();
    try {
      const buffer = await this.#reader.readLater(location, view, keyBytes);
      return { sequence, buffer, view, error: undefined };
    } catch (thrown) {
      return { sequence, buffer: NO_BYTES, view, error: toCaskError(thrown) };
    }
  }

  #verified(
    buffer: Uint8Array,
    view: RecordView,
    key: Uint8Array,
    keyStart: number,
    keyBytes: number,
  ): void {
    this.verify(buffer, view, key, keyStart, keyBytes);
    this.#take(buffer, view);
  }

  /** @throws CaskError CORRUPT: the record that was read is of another key */
  verify(
    buffer: Uint8Array,
    view: RecordView,
    key: Uint8Array,
    keyStart: number,
    keyBytes: number,
  ): void {
    if (!isOfKey(buffer, view, key, keyStart, keyBytes)) {
      const message = `the record of revision ${view.sequence} is of another key`;
      throw new CaskError('CORRUPT', message);
    }
    this.#cache.put(view.sequence, view.updatedAt, buffer, view.valueStart, view.valueBytes);
  }

  #take(buffer: Uint8Array, view: RecordView): void {
    const { entry } = this;
    entry.buffer = buffer;
    entry.valueStart = view.valueStart;
    entry.valueBytes = view.valueBytes;
    entry.updatedAt ||= view.updatedAt;
  }
}
