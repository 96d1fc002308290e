/**
 * The client: every operation of the server as a method that returns a promise.
 *
 * All errors are CaskErrors. What a failure says of a write: OUTCOME_UNKNOWN, it was sent and
 * may or may not have been applied (the cause says why: CONNECTION_LOST, TIMEOUT, CANCELLED,
 * CLOSED); any other code, it was not applied. Keys and values given must not change until the
 * promise settles.
 */

import { EventEmitter } from 'node:events';
import { CaskError } from '../errors/cask-error.ts';
import { ASSUMED_LIMITS, type HelloReply } from '../protocol/hello.ts';
import { DELETE_RANGE_ALL, DELETE_RANGE_PROGRESS } from '../protocol/op-codes.ts';
import type { DecodedEntry } from '../protocol/reply-reader.ts';
import type { BackupRequest, BackupResult } from '../vocabulary/backup.ts';
import { checkDeleteRange } from '../vocabulary/range-arguments.ts';
import type { ScrubResult, ScrubStatus } from '../vocabulary/scrub.ts';
import type { SettingFacts } from '../vocabulary/setting-facts.ts';
import { conditionOf, counterStepOf, touchTtlOf, ttlOf } from '../vocabulary/write-arguments.ts';
import type { ClientOptions } from './client-options.ts';
import { type ClientEvents, type ClientStatus, ConnectionKeeper } from './connection-keeper.ts';
import type {
  BatchItem,
  BatchItemResult,
  Bytes,
  CallOptions,
  ClientFacts,
  CounterResult,
  CountOptions,
  DamagedEntry,
  DeleteOptions,
  DeleteRangeOptions,
  DeleteRangeResult,
  DeleteResult,
  Encoding,
  Entry,
  JobStatus,
  KeyEntry,
  KeyRange,
  MergeResult,
  MergeStatus,
  Output,
  Page,
  PageOptions,
  ProgressListener,
  PutOptions,
  PutResult,
  RangeBounds,
  RangeOptions,
  ReadOptions,
  SlowLog,
  Stats,
  TouchOptions,
} from './entry.ts';
import { KeySpace } from './key-space.ts';
import * as operations from './operations.ts';
import { type AnyEntry, entryOf, outputOf } from './output.ts';
import { type Operation, Pending } from './pending.ts';
import { Pipeline } from './pipeline.ts';
import { type FetchedPage, RangeIterable } from './range-iterator.ts';

const DEFAULT_PAGE_ITEMS = 1000;

export class CaskClient<E extends Encoding = 'buffer'> extends EventEmitter<ClientEvents> {
  readonly #options: ClientOptions;
  readonly #pipeline: Pipeline;
  readonly #keeper: ConnectionKeeper;
  readonly #keys: KeySpace;

  /** Use `connect()`. */
  constructor(options: ClientOptions) {
    super();
    this.#options = options;
    this.#keys = new KeySpace(options.keyPrefix);
    this.#pipeline = new Pipeline(options);
    this.#keeper = new ConnectionKeeper(options, this.#pipeline, (event, ...args) => {
      // An `error` without a listener would be thrown by the emitter.
      if (event === 'error' && this.listenerCount('error') === 0) return;
      (this.emit as (event: string, ...args: unknown[]) => boolean).call(this, event, ...args);
    });
  }

  /** @internal Fulfils when the first connection is ready. */
  open(): Promise<void> {
    return this.#keeper.open();
  }

  get status(): ClientStatus {
    return this.#keeper.status;
  }

  /** What the server said of itself last: id, version, limits. */
  get serverInfo(): HelloReply | undefined {
    return this.#keeper.server;
  }

  /** Requests waiting to be sent, and sent ones that are unanswered. */
  get load(): { readonly queued: number; readonly inFlight: number } {
    return this.#pipeline.load;
  }

  /** The value; undefined when there is no such key. */
  get<F extends Encoding = E>(
    key: Bytes,
    options?: ReadOptions<F>,
  ): Promise<Output<F> | undefined> {
    const encoding = options?.encoding ?? this.#options.encoding;
    const operation: Operation<Bytes, string | Buffer | undefined> =
      encoding === 'utf8' ? operations.GET_TEXT : operations.GET_BUFFER;
    return this.#keyed(operation, key, options) as Promise<Output<F> | undefined>;
  }

  /** Value, revision, version and times; undefined when there is no such key. */
  async getEntry<F extends Encoding = E>(
    key: Bytes,
    options?: ReadOptions<F>,
  ): Promise<Entry<Output<F>> | undefined> {
    const found = await this.#keyed(operations.GET_ENTRY, key, options);
    if (found === undefined) return undefined;
    const encoding = this.#encoding(options);
    const ownKey = outputOf(Buffer.from(key as string), encoding);
    return { ...found, key: ownKey, value: outputOf(found.value, encoding) };
  }

  /**
   * The values in the order of the keys; undefined where there is none. Any number of keys.
   * @throws CaskError of the first damaged record; `getManyEntries` tells them apart
   */
  async getMany<F extends Encoding = E>(
    keys: readonly Bytes[],
    options?: ReadOptions<F>,
  ): Promise<(Output<F> | undefined)[]> {
    const encoding = this.#encoding(options);
    return (await this.#fetchMany(keys, options)).map((entry) => {
      if (entry?.error !== undefined) throw entry.error;
      return entry?.value === undefined ? undefined : outputOf(entry.value, encoding);
    });
  }

  /** The entries in the order of the keys; one that cannot be read has `error` set. */
  async getManyEntries<F extends Encoding = E>(
    keys: readonly Bytes[],
    options?: ReadOptions<F>,
  ): Promise<(Entry<Output<F>> | DamagedEntry<Output<F>> | undefined)[]> {
    const encoding = this.#encoding(options);
    return (await this.#fetchMany(keys, options)).map((decoded, index) => {
      if (decoded === undefined) return undefined;
      const key = outputOf(Buffer.from(keys[index] as string), encoding);
      return entryOf(decoded, key, encoding) as Entry<Output<F>> | DamagedEntry<Output<F>>;
    });
  }

  /**
   * Stores a value. Without `ttlMs` or `keepTtl` it never expires.
   * @throws CaskError CONFLICT when a condition fails; `details.revision` is the current one
   */
  put(key: Bytes, value: Bytes, options?: PutOptions): Promise<PutResult> {
    return new Promise((resolve, reject) => {
      const args = {
        key: this.#keys.outward(key),
        value: checkValue(value),
        condition: options === undefined ? -1 : conditionOf(options),
        ttlMs: options === undefined ? 0 : ttlOf(options),
      };
      const bytes = key.length + value.length;
      this.#submit(operations.PUT, args, bytes, options, resolve, reject);
    });
  }

  /** Deletes a key. @returns whether it was there */
  async delete(key: Bytes, options?: DeleteOptions): Promise<boolean> {
    return (await this.deleteEntry(key, options)).deleted;
  }

  /** Deletes a key, and says at which revision. */
  async deleteEntry(key: Bytes, options?: DeleteOptions): Promise<DeleteResult> {
    const condition = options === undefined ? -1 : conditionOf(options);
    const args = { key: this.#keys.outward(key), condition };
    const revision = await this.#request(operations.DELETE, args, key.length, options);
    return { deleted: revision !== 0, revision: revision === 0 ? undefined : revision };
  }

  /**
   * Adds to a counter, a decimal integer of 64 bits with sign; an absent key counts from 0. Its
   * expiry stays.
   * @param by a safe integer, or a bigint of 64 bits
   * @throws CaskError NOT_AN_INTEGER, OUT_OF_RANGE: nothing was changed
   */
  async incr(key: Bytes, by: number | bigint = 1, options?: CallOptions): Promise<CounterResult> {
    const args = { key: this.#keys.outward(key), by: counterStepOf(by) };
    return this.#request(operations.INCR, args, key.length, options);
  }

  /** Deletes a key. @returns its value; undefined: there was no such key */
  getAndDelete<F extends Encoding = E>(
    key: Bytes,
    options?: ReadOptions<F>,
  ): Promise<Output<F> | undefined> {
    const operation: Operation<Bytes, string | Buffer | undefined> =
      this.#encoding(options) === 'utf8' ? operations.TAKE_TEXT : operations.TAKE_BUFFER;
    return this.#keyed(operation, key, options) as Promise<Output<F> | undefined>;
  }

  /** How many ms are left; Infinity: it never expires; undefined: there is no such key. */
  ttl(key: Bytes, options?: CallOptions): Promise<number | undefined> {
    return this.#keyed(operations.TTL, key, options);
  }

  /**
   * Gives a key another expiry, and leaves its value. One that has passed makes it absent.
   * @param options `ttlMs` or `expiresAt`
   * @returns false: there is no such key
   */
  async touch(key: Bytes, options: TouchOptions): Promise<boolean> {
    const args = { key: this.#keys.outward(key), ttlMs: touchTtlOf(options) };
    return this.#request(operations.TOUCH, args, key.length, options);
  }

  /** Removes the expiry of a key. @returns false: it has none, or there is no such key */
  persist(key: Bytes, options?: CallOptions): Promise<boolean> {
    return this.#keyed(operations.PERSIST, key, options);
  }

  exists(key: Bytes, options?: CallOptions): Promise<boolean> {
    return this.#keyed(operations.EXISTS, key, options);
  }

  /** The exact number of keys, of all or within bounds. */
  count(options: CountOptions = {}): Promise<number> {
    const range = this.#keys.bounds(options);
    return this.#request(operations.COUNT, range, boundsLength(range), options);
  }

  /**
   * Deletes every key within the bounds, as a job of the server (`jobs()`), and waits until it is
   * done, without a timeout unless one is given. Not atomic as a whole: readers see it go on, and
   * what is written after it was asked for survives. If the connection is lost the server goes on.
   *
   * An aborted `signal` asks the server to stop, and the call waits for what it answers.
   * @throws CaskError INVALID_OPTION when no bound is given without `all: true`; BUSY, too many
   * jobs; CANCELLED and others, whose `details.deleted` says how many keys were deleted
   */
  deleteRange(options: DeleteRangeOptions): Promise<DeleteRangeResult> {
    return new Promise((resolve, reject) => {
      checkDeleteRange(options);
      const { all = false, onProgress } = options;
      const range = this.#keys.bounds(options);
      // a key space is a prefix to the server
      const isOfAll = all && this.#keys.prefix === undefined ? DELETE_RANGE_ALL : 0;
      const flags = isOfAll | (onProgress === undefined ? 0 : DELETE_RANGE_PROGRESS);
      const call = { timeoutMs: 0, ...options };
      const bytes = boundsLength(range);
      const args = { range, flags };
      this.#submit(operations.DELETE_RANGE, args, bytes, call, resolve, reject, onProgress);
    });
  }

  /** `deleteRange` of the keys that begin with the prefix, which must not be empty. */
  deletePrefix(
    prefix: Bytes,
    options?: Omit<DeleteRangeOptions, keyof KeyRange | 'all'>,
  ): Promise<DeleteRangeResult> {
    return this.deleteRange({ ...options, prefix });
  }

  /** Applies all items or none. @returns what became of each, in order */
  async batch(items: readonly BatchItem[], options?: CallOptions): Promise<BatchItemResult[]> {
    const outward = items.map((item) => this.#keys.item(item));
    let bytes = 0;
    for (const item of outward) {
      bytes += item.key.length + (item.type === 'put' ? checkValue(item.value).length : 0);
    }
    return this.#request(operations.BATCH, outward, bytes, options);
  }

  /** One page of a range. For the next, give the last key as `after`. */
  rangePage<F extends Encoding = E>(
    options: PageOptions<F> & { readonly keysOnly: true },
  ): Promise<Page<KeyEntry<Output<F>>>>;
  rangePage<F extends Encoding = E>(
    options?: PageOptions<F>,
  ): Promise<Page<Entry<Output<F>> | DamagedEntry<Output<F>>>>;
  async rangePage<F extends Encoding = E>(
    options: PageOptions<F> = {},
  ): Promise<Page<AnyEntry<Output<F>>>> {
    const { entries, more } = await this.#fetchPage(options, options, undefined, options.limit);
    return { entries, more };
  }

  /** All entries of a range, fetched page by page as they are needed. */
  range<F extends Encoding = E>(
    options: RangeOptions<F> & { readonly keysOnly: true },
  ): RangeIterable<KeyEntry<Output<F>>>;
  range<F extends Encoding = E>(
    options?: RangeOptions<F>,
  ): RangeIterable<Entry<Output<F>> | DamagedEntry<Output<F>>>;
  range<F extends Encoding = E>(options: RangeOptions<F> = {}): RangeIterable<AnyEntry<Output<F>>> {
    const { maxRangeItems } = this.#keeper.server?.limits ?? ASSUMED_LIMITS;
    return new RangeIterable<AnyEntry<Output<F>>>(
      (cursor, limit) => this.#fetchPage(options, options, cursor, limit),
      options.limit ?? Number.POSITIVE_INFINITY,
      Math.min(options.pageSize ?? DEFAULT_PAGE_ITEMS, maxRangeItems),
    );
  }

  /** Figures of the server and its store. */
  async stats(options?: CallOptions): Promise<Stats> {
    return (await this.#request(operations.STATS, undefined, 0, options)) as Stats;
  }

  /** Makes everything written so far durable. @returns the durable revision */
  sync(options?: CallOptions): Promise<number> {
    return this.#request(operations.SYNC, undefined, 0, options);
  }

  /** Merges now; waits until it is done, without a timeout unless one is given. */
  async merge(options?: CallOptions): Promise<MergeResult> {
    const call = { timeoutMs: 0, ...options };
    return (await this.#request(operations.MERGE, undefined, 0, call)) as MergeResult;
  }

  async mergeStatus(options?: CallOptions): Promise<MergeStatus> {
    const args = ['status'];
    return (await this.#request(operations.MERGE_STATUS, args, 0, options)) as MergeStatus;
  }

  async pauseMerge(options?: CallOptions): Promise<MergeStatus> {
    return (await this.#request(operations.MERGE, ['pause'], 0, options)) as MergeStatus;
  }

  async resumeMerge(options?: CallOptions): Promise<MergeStatus> {
    return (await this.#request(operations.MERGE, ['resume'], 0, options)) as MergeStatus;
  }

  /** The long work of the server: what runs, then what ran last; the newest of each first. */
  jobs(options?: CallOptions): Promise<JobStatus[]> {
    return this.#request(operations.JOBS, undefined, 0, options);
  }

  /** Tells a job of the server to stop, which it does soon. @returns did it run */
  cancelJob(id: number, options?: CallOptions): Promise<boolean> {
    return this.#request(operations.CANCEL_JOB, ['cancel', id], 0, options);
  }

  /**
   * Has the server take a backup; waits until it is done, without a timeout unless one is given.
   * @throws CaskError BACKUP_FAILED, BAD_REQUEST (not a directory that it may write to),
   * UNSUPPORTED (it has none), BUSY, LOCKED, NO_SPACE, CANCELLED, FORBIDDEN
   */
  async backup(request: BackupRequest = {}, options?: CallOptions): Promise<BackupResult> {
    const call = { timeoutMs: 0, ...options };
    return (await this.#request(operations.BACKUP, request, 0, call)) as BackupResult;
  }

  /**
   * Has the server read all its sealed segments for damage; waits until it is done, without a
   * timeout unless one is given.
   * @param bytesPerSecond instead of the server's `scrubBytesPerSecond`; 0: no limit
   * @throws CaskError BUSY, CANCELLED, FORBIDDEN
   */
  async scrub(bytesPerSecond?: number, options?: CallOptions): Promise<ScrubResult> {
    const args = bytesPerSecond === undefined ? ['run'] : ['run', bytesPerSecond];
    const call = { timeoutMs: 0, ...options };
    return (await this.#request(operations.SCRUB, args, 0, call)) as ScrubResult;
  }

  async scrubStatus(options?: CallOptions): Promise<ScrubStatus> {
    return (await this.#request(operations.SCRUB_STATUS, undefined, 0, options)) as ScrubStatus;
  }

  /** Stops the scrub that runs. @returns did one run */
  stopScrub(options?: CallOptions): Promise<boolean> {
    return this.#request(operations.STOP_SCRUB, ['stop'], 0, options);
  }

  /** The connections of the server, this one included. */
  async clients(options?: CallOptions): Promise<ClientFacts[]> {
    const found: ClientFacts[] = [];
    for (;;) {
      const after = found.at(-1)?.id ?? 0;
      const args = ['list', after];
      const { clients, more } = await this.#request(operations.CLIENTS, args, 0, options);
      found.push(...clients);
      if (!more || clients.length === 0) return found;
    }
  }

  /** Closes a connection of the server, which may well connect again. @returns was it there */
  killClient(id: number, options?: CallOptions): Promise<boolean> {
    return this.#request(operations.KILL_CLIENT, ['kill', id], 0, options);
  }

  /**
   * The requests that took long last, the newest first.
   * @param count at most so many; the server keeps `slowLogEntries`
   */
  slowLog(count?: number, options?: CallOptions): Promise<SlowLog> {
    const args = count === undefined ? [] : ['get', count];
    return this.#request(operations.SLOW_LOG, args, 0, options);
  }

  /** Forgets the slow log. @returns how many entries it had */
  resetSlowLog(options?: CallOptions): Promise<number> {
    return this.#request(operations.RESET_SLOW_LOG, ['reset'], 0, options);
  }

  /**
   * The daemon's settings: one, or all of them.
   * @throws CaskError INVALID_OPTION: there is no such setting; FORBIDDEN
   */
  async getConfig(name?: string, options?: CallOptions): Promise<SettingFacts[]> {
    const args = name === undefined ? ['get'] : ['get', name];
    return (await this.#request(operations.CONFIG_GET, args, 0, options)) as SettingFacts[];
  }

  /**
   * Changes a setting of the daemon, until it reads its configuration anew or is started again.
   * @param value as the configuration file would have it
   * @returns the setting as it is now
   * @throws CaskError INVALID_OPTION: it cannot be that, or not while the daemon runs; FORBIDDEN
   */
  async setConfig(
    name: string,
    value: string | number | boolean,
    options?: CallOptions,
  ): Promise<SettingFacts> {
    const args = ['set', name, String(value)];
    return (await this.#request(operations.CONFIG_SET, args, 0, options)) as SettingFacts;
  }

  /** @returns how long the answer took, in ms */
  async ping(options?: CallOptions): Promise<number> {
    const start = performance.now();
    await this.#request(operations.PING, undefined, 0, options);
    return performance.now() - start;
  }

  /**
   * Goes on as another user, on this connection and later ones. Requests made before are carried
   * out for the user before; if it fails, so are those made after.
   * @throws CaskError UNAUTHENTICATED, AUTH_LOCKED
   */
  async authenticate(user: string, password: string, options?: CallOptions): Promise<void> {
    await this.#request(operations.AUTH, { user, password }, 0, options);
    this.#keeper.credentials = { user, password };
  }

  /** Takes no more requests, waits for those underway, closes. Never rejects. */
  close(): Promise<void> {
    return this.#keeper.close();
  }

  /** Closes at once: what is unanswered fails, a write that was sent with OUTCOME_UNKNOWN. */
  destroy(): void {
    this.#keeper.destroy(new CaskError('CLOSED', 'the client has been destroyed'));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #encoding<F extends Encoding>(options: ReadOptions<F> | undefined): F {
    return options?.encoding ?? (this.#options.encoding as F);
  }

  /** A request whose one argument is a key. */
  #keyed<R>(
    operation: Operation<Bytes, R>,
    key: Bytes,
    options: CallOptions | undefined,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      const outward = this.#keys.outward(key);
      this.#submit(operation, outward, outward.length, options, resolve, reject);
    });
  }

  #request<A, R>(
    operation: Operation<A, R>,
    args: A,
    bytes: number,
    options: CallOptions | undefined,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#submit(operation, args, bytes, options, resolve, reject);
    });
  }

  #submit<A, R>(
    operation: Operation<A, R>,
    args: A,
    bytes: number,
    options: CallOptions | undefined,
    resolve: (result: R) => void,
    reject: (error: CaskError) => void,
    onProgress?: ProgressListener,
  ): void {
    const timeoutMs = options?.timeoutMs ?? this.#options.requestTimeoutMs;
    const deadline = timeoutMs > 0 ? performance.now() + timeoutMs : Number.POSITIVE_INFINITY;
    const settle = resolve as (result: unknown) => void;
    const pending = new Pending(operation, args, bytes, deadline, settle, reject);
    pending.onProgress = onProgress;
    this.#pipeline.submit(pending, options?.signal);
  }

  /** GET_MANY, as often as the limits of one request ask for. */
  async #fetchMany(
    keys: readonly Bytes[],
    options: CallOptions | undefined,
  ): Promise<(DecodedEntry | undefined)[]> {
    const outward = keys.map((key) => this.#keys.outward(key));
    const found: (DecodedEntry | undefined)[] = [];
    while (found.length < outward.length) {
      const { maxBatchItems } = this.#keeper.server?.limits ?? ASSUMED_LIMITS;
      const asked = outward.slice(found.length, found.length + maxBatchItems);
      const bytes = asked.reduce((sum, key) => sum + key.length, 0);
      const entries = await this.#request(operations.GET_MANY, asked, bytes, options);
      if (entries.length === 0 || entries.length > asked.length) {
        throw new CaskError('INTERNAL', `asked for ${asked.length} keys, got ${entries.length}`);
      }
      found.push(...entries);
    }
    return found;
  }

  async #fetchPage<F extends Encoding>(
    bounds: RangeBounds,
    options: ReadOptions<F>,
    cursor: Uint8Array | undefined,
    limit: number | undefined,
  ): Promise<FetchedPage<AnyEntry<Output<F>>>> {
    const encoding = this.#encoding(options);
    const range = this.#keys.range(bounds, limit);
    const args = cursor === undefined ? range : { ...range, after: cursor };
    const page = await this.#request(operations.RANGE, args, 0, options);
    const entries = page.entries.map((decoded) => {
      const key = this.#keys.inward(decoded.key as Buffer, encoding);
      return entryOf(decoded, key, encoding);
    });
    const last = page.entries.at(-1)?.key;
    // the caller may change the bytes that he is given
    return { entries, more: page.more, cursor: last && Buffer.from(last) };
  }
}

function checkValue(value: Bytes): Bytes {
  if (typeof value === 'string' || value instanceof Uint8Array) return value;
  throw new CaskError('BAD_REQUEST', 'a value must be a string or bytes');
}

function boundsLength({ start, end, prefix }: KeyRange): number {
  return (start?.length ?? 0) + (end?.length ?? 0) + (prefix?.length ?? 0);
}
