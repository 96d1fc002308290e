/**
 * The public face of the store: `openStore` and `Store`. Embeddable; knows no network.
 *
 * A store is used by one process at a time. All methods of a `Store` share one session: its
 * writes apply in the order of the calls, and a read sees the writes called before it.
 */

import { assert, type CaskError } from '../errors/cask-error.ts';
import type { BackupResult } from '../vocabulary/backup.ts';
import type {
  BatchItemResult,
  Bytes,
  CounterResult,
  DeleteOptions,
  DeleteRangeOptions,
  DeleteRangeResult,
  EntryMeta,
  KeyRange,
  PutOptions,
  RangeOptions,
  TouchOptions,
  WorkOptions,
} from '../vocabulary/entry.ts';
import type { ScrubResult, ScrubStatus } from '../vocabulary/scrub.ts';
import {
  conditionOf,
  counterStepOf,
  TTL_NONE,
  touchTtlOf,
  ttlOf,
} from '../vocabulary/write-arguments.ts';
import type { BackupOptions } from './backup/backups.ts';
import type { Environment } from './disk/environment.ts';
import { createNodeEnvironment, grantedMemoryBytes } from './disk/node-environment.ts';
import { Engine } from './engine.ts';
import { durationsOf, segmentsOf, statsOf } from './engine-stats.ts';
import type { DamagedEntry, Entry, KeyEntry, RangePage, StoreBatchItem } from './entry.ts';
import type { JobRegistry } from './jobs/job-registry.ts';
import { keyBytesOf, valueBytesOf } from './key-and-value.ts';
import type { MergeResult, MergeStatus } from './merge/merger.ts';
import type { Modifier } from './modifier.ts';
import { Incrementer } from './modifiers/incrementer.ts';
import { Toucher } from './modifiers/toucher.ts';
import { TtlReader } from './modifiers/ttl-reader.ts';
import { ValueTaker } from './modifiers/value-taker.ts';
import { PromiseSink, type ValueAnswer } from './promise-sink.ts';
import { openDirectory } from './recovery/open-directory.ts';
import type { ReplySink } from './reply-sink.ts';
import type { ScrubOptions } from './scrub/scrubber.ts';
import type { Session } from './session.ts';
import {
  resolveStoreOptions,
  type StoreChanges,
  type StoreOptions,
  type StoreOptionsInput,
} from './store-options.ts';
import { StoreSession } from './store-session.ts';
import type {
  SegmentFacts,
  StoreDurations,
  StoreHealth,
  StoreStats,
  StoreStatus,
} from './store-stats.ts';

/** Options of a walk over a range: `limit` bounds the whole walk, `pageSize` a page. */
export type WalkOptions = RangeOptions & { readonly pageSize?: number };

/**
 * Opens the store in a directory, recovering whatever state a crash left. Resolves when point
 * operations are served; ranges and `count` follow once `indexReady`.
 *
 * @throws CaskError INVALID_OPTION, DIRECTORY_MISSING, NOT_WRITABLE, NOT_A_STORE, LOCKED,
 * LOCK_UNAVAILABLE, BAD_MANIFEST, MISSING_SEGMENT, UNSUPPORTED_FORMAT
 */
export async function openStore(input: StoreOptionsInput): Promise<Store> {
  const environment: Environment = input.environment ?? createNodeEnvironment();
  const options = resolveStoreOptions(input, environment, grantedMemoryBytes());
  const opened = await openDirectory(options);
  options.logger('info', 'store-opened', { directory: options.directory, ...opened.report });
  const engine = new Engine(options, opened);
  engine.start();
  return new Store(engine);
}

export class Store {
  readonly #engine: Engine;
  readonly #sink = new PromiseSink();
  readonly #session: StoreSession;
  #shortListeners: (() => void)[] = [];
  /** Resolves if the store can go on no more, e.g. after an fsync error. */
  readonly failed: Promise<CaskError>;

  /** Use `openStore`. */
  constructor(engine: Engine) {
    this.#engine = engine;
    this.#session = new StoreSession(engine, this.#sink);
    this.failed = new Promise((resolve) => {
      engine.onFailed = (error) => {
        resolve(error);
        this.#tellShort();
      };
    });
    engine.onQueueShort = () => this.#tellShort();
  }

  get options(): StoreOptions {
    return this.#engine.options;
  }

  /** The store's identity, in hex. */
  get uuid(): string {
    return Buffer.from(this.#engine.opened.manifests.uuid).toString('hex');
  }

  get status(): StoreStatus {
    return this.#engine.health().status;
  }

  /** Whether it serves, and if not why: cheap. */
  health(): StoreHealth {
    return this.#engine.health();
  }

  /** Whether ranges and counts are served; point operations always are. */
  get indexReady(): boolean {
    return this.#engine.opened.keydir.indexReady;
  }

  /** More than half of `maxWriteQueueBytes` wait for the disk: read no more from clients. */
  get writeQueueIsLong(): boolean {
    return this.#engine.writes.isQueueLong;
  }

  /** Calls the listener once, when the write queue is short (or the store failed). */
  onWriteQueueShort(listener: () => void): void {
    this.#shortListeners.push(listener);
  }

  /** A session of its own for one client: see `Session`. */
  openSession(sink: ReplySink): Session {
    return new StoreSession(this.#engine, sink);
  }

  /** The value; undefined when there is no such key. */
  async get(key: Bytes): Promise<Buffer | undefined> {
    return (await this.#getAnswer(keyBytesOf(key)))?.value;
  }

  /** The value with its revision, version and times; undefined when there is no such key. */
  async getEntry(key: Bytes): Promise<Entry | undefined> {
    const bytes = Buffer.from(keyBytesOf(key));
    const answer = await this.#getAnswer(bytes);
    return answer === undefined ? undefined : { key: bytes, ...answer };
  }

  #getAnswer(key: Uint8Array): Promise<ValueAnswer | undefined> {
    return this.#sink.ask((token) => this.#session.get(key, 0, key.length, token));
  }

  /**
   * The values of these keys in their order, undefined where absent.
   * @throws CaskError CORRUPT when one of the records is damaged
   */
  async getMany(keys: readonly Bytes[]): Promise<(Buffer | undefined)[]> {
    const bytes = keys.map(keyBytesOf);
    const values: (Buffer | undefined)[] = [];
    while (values.length < bytes.length) {
      for (const entry of await this.#session.getMany(bytes.slice(values.length))) {
        if (entry !== undefined && 'error' in entry) throw entry.error;
        values.push(entry?.value);
      }
    }
    return values;
  }

  async exists(key: Bytes): Promise<boolean> {
    const bytes = keyBytesOf(key);
    return this.#sink.ask((token) => this.#session.exists(bytes, 0, bytes.length, token));
  }

  /** The exact number of keys, of all or within a range. @throws CaskError LOADING */
  count(range?: KeyRange): Promise<number> {
    return this.#session.count(range);
  }

  /**
   * Resolves when the write is committed, as `durability` has it.
   * @throws CaskError CONFLICT, KEY_EMPTY, KEY_TOO_LONG, VALUE_TOO_LARGE, KEYDIR_FULL, READ_ONLY,
   * NO_SPACE, BUSY, NOT_APPLIED, OUTCOME_UNKNOWN
   */
  async put(key: Bytes, value: Bytes, options: PutOptions = {}): Promise<EntryMeta> {
    const keyBytes = keyBytesOf(key);
    const valueBytes = valueBytesOf(value);
    const condition = conditionOf(options);
    const ttlMs = ttlOf(options);
    return this.#sink.ask((token) =>
      this.#session.put(
        keyBytes,
        0,
        keyBytes.length,
        valueBytes,
        0,
        valueBytes.length,
        condition,
        ttlMs,
        token,
      ),
    );
  }

  /** True when there was something to delete. @throws CaskError as `put` does */
  async delete(key: Bytes, options: DeleteOptions = {}): Promise<boolean> {
    const bytes = keyBytesOf(key);
    const condition = conditionOf(options);
    const revision = await this.#sink.ask<number>((token) =>
      this.#session.delete(bytes, 0, bytes.length, condition, token),
    );
    return revision > 0;
  }

  /**
   * Reads, decides and writes as one: see `Modifier`. Resolves, when that is committed, to what is
   * known of the key after it, but for its value: with a delete `version` is 0; undefined when
   * there was no key and nothing was put.
   * @throws CaskError what `put` throws, CORRUPT, IO_ERROR, and what the modifier throws
   */
  async modify(key: Bytes, modifier: Modifier): Promise<EntryMeta | undefined> {
    const bytes = keyBytesOf(key);
    return this.#sink.ask((token) => this.#session.modify(bytes, 0, bytes.length, modifier, token));
  }

  /**
   * Adds to a counter, a decimal integer of 64 bits with sign; an absent key counts from 0. Its
   * expiry stays.
   * @param by a safe integer, or a bigint of 64 bits
   * @throws CaskError NOT_AN_INTEGER, OUT_OF_RANGE, INVALID_OPTION, and what `modify` throws
   */
  async incr(key: Bytes, by: number | bigint = 1): Promise<CounterResult> {
    const incrementer = new Incrementer(counterStepOf(by));
    const meta = await this.modify(key, incrementer);
    assert(meta !== undefined, 'a counter is there once it has been changed');
    return { value: BigInt(incrementer.sum), ...meta };
  }

  /** Deletes a key. @returns its value; undefined: there was no such key */
  async getAndDelete(key: Bytes): Promise<Buffer | undefined> {
    const taker = new ValueTaker();
    await this.modify(key, taker);
    return taker.value;
  }

  /** How many ms are left; Infinity: it never expires; undefined: there is no such key. */
  async ttl(key: Bytes): Promise<number | undefined> {
    const reader = new TtlReader();
    await this.modify(key, reader);
    return reader.ttlMs;
  }

  /**
   * Gives a key another expiry: revision and `updatedAt` change, value and version stay. A time that
   * has passed makes it absent.
   * @returns false: there is no such key
   * @throws CaskError INVALID_OPTION, and what `modify` throws
   */
  async touch(key: Bytes, options: TouchOptions): Promise<boolean> {
    const toucher = new Toucher(touchTtlOf(options));
    await this.modify(key, toucher);
    return toucher.isChanged;
  }

  /** Removes the expiry of a key. @returns false: it has none, or there is no such key */
  async persist(key: Bytes): Promise<boolean> {
    const toucher = new Toucher(TTL_NONE);
    await this.modify(key, toucher);
    return toucher.isChanged;
  }

  /**
   * All or nothing: conditions are checked against the state before the batch, those of items of
   * type `check` as well, which write nothing. The items are not to be changed until it settles.
   */
  batch(items: readonly StoreBatchItem[]): Promise<BatchItemResult[]> {
    return this.#session.batch(items);
  }

  /**
   * Removes every key at once, however many there are, by one record; resolves to its revision.
   * Writes called before it are gone with the rest, those called after it stay.
   * @throws CaskError as `delete` does
   */
  async clear(): Promise<number> {
    return this.#sink.ask((token) => this.#session.clear(token));
  }

  /**
   * Deletes every key within the bounds, as a job (`jobs`), in key order and in chunks that let
   * other work in between. Not atomic as a whole: readers see it go on, and after a crash or a
   * failure the keys up to some point are gone. It deletes what the writes called before it left;
   * an entry that is written after the call began survives, wherever it lies.
   *
   * `onProgress` hears of keys deleted, and of how many there were about to be.
   * @throws CaskError INVALID_OPTION when no bound is given without `all: true`, LOADING, BUSY
   * (too many jobs), CANCELLED, and what `delete` throws; `details.deleted` says how many keys
   * were deleted all the same
   */
  async deleteRange(options: DeleteRangeOptions & WorkOptions): Promise<DeleteRangeResult> {
    return this.#session.deleteRange(options);
  }

  /** `deleteRange` of the keys that begin with the prefix, which must not be empty. */
  async deletePrefix(prefix: Bytes, options: WorkOptions = {}): Promise<DeleteRangeResult> {
    return this.#session.deleteRange({ ...options, prefix });
  }

  /** One page. @throws CaskError LOADING, LIMIT_EXCEEDED */
  rangePage(options: RangeOptions & { readonly keysOnly: true }): Promise<RangePage<KeyEntry>>;
  rangePage(options?: RangeOptions): Promise<RangePage<Entry | DamagedEntry>>;
  rangePage(options: RangeOptions = {}): Promise<RangePage<Entry | DamagedEntry | KeyEntry>> {
    return this.#session.range(options);
  }

  /** Walks a range page by page: neither repeats nor skips a key that is there throughout. */
  async *range(options: WalkOptions = {}): AsyncGenerator<Entry | DamagedEntry, void, undefined> {
    const { pageSize, limit: limitGiven, ...rest } = options;
    let left = limitGiven ?? Number.POSITIVE_INFINITY;
    let after = rest.after;
    while (left > 0) {
      const limit = Math.min(left, pageSize ?? Math.min(1000, this.options.maxRangeItems));
      const page = await this.#session.range({ ...rest, after, limit });
      yield* page.entries;
      left -= page.entries.length;
      after = page.entries.at(-1)?.key;
      if (!page.more) return;
    }
  }

  /**
   * Changes options while the store is open: those of `StoreChanges`.
   * @throws CaskError INVALID_OPTION naming every change that is wrong; then nothing is changed
   */
  reconfigure(changes: StoreChanges): void {
    this.#engine.reconfigure(changes);
  }

  stats(): StoreStats {
    return statsOf(this.#engine);
  }

  /** Segments of the log with greater ids than `after`, in the order of their ids. */
  segments(after: number, limit: number): SegmentFacts[] {
    return segmentsOf(this.#engine, after, limit);
  }

  /** How long the work of the disk takes: histograms that go on counting. */
  get durations(): StoreDurations {
    return durationsOf(this.#engine);
  }

  /** Long work: what runs and what ran, and a way to stop it. */
  get jobs(): JobRegistry {
    return this.#engine.jobs;
  }

  /** Makes durable all that is committed; resolves to the last such revision. */
  sync(): Promise<number> {
    return this.#engine.sync();
  }

  /** Merges all that has something to give back. @throws CaskError MERGE_RUNNING, NO_SPACE */
  merge(): Promise<MergeResult> {
    return this.#engine.merger.mergeAll();
  }

  /**
   * Takes a backup into a new directory within `options.directory`, online: the state of all that
   * is committed by now. Segments that the backup before has already take neither time nor space.
   * @throws CaskError BUSY, LOCKED, INVALID_OPTION, DIRECTORY_MISSING, NOT_WRITABLE, NO_SPACE,
   * CANCELLED, CLOSED, BACKUP_FAILED
   */
  backup(options: BackupOptions): Promise<BackupResult> {
    return this.#engine.backups.run(options);
  }

  /**
   * Reads all sealed segments for damage; what is found is listed under `damage` in the stats.
   * @throws CaskError BUSY, CANCELLED, CLOSED
   */
  scrub(options?: ScrubOptions): Promise<ScrubResult> {
    return this.#engine.scrubber.run(options);
  }

  scrubStatus(): ScrubStatus {
    return this.#engine.scrubber.status;
  }

  /** Stops the scrub that runs. @returns false: none does */
  stopScrub(): boolean {
    return this.#engine.scrubber.stop();
  }

  mergeStatus(): MergeStatus {
    return this.#engine.merger.status;
  }

  pauseMerge(): void {
    this.#engine.merger.pause();
  }

  resumeMerge(): void {
    this.#engine.merger.resume();
  }

  /** Resolves when the sorted index is built. */
  async whenIndexReady(): Promise<void> {
    const { scheduler } = this.options.environment;
    while (!this.indexReady && this.#engine.status === 'open') {
      await new Promise<void>((resolve) => scheduler.endOfTurn(resolve));
    }
  }

  /** Commits what is sequenced, seals, writes hints, releases the lock. Idempotent. */
  close(): Promise<void> {
    return this.#engine.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #tellShort(): void {
    for (const listener of this.#shortListeners.splice(0)) listener();
  }
}
