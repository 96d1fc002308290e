/**
 * A session is one client's view of the store: its writes apply in the order given, and it reads
 * its own writes. Listeners use it directly; `Store` wraps one in promises.
 */

import type {
  BatchItemResult,
  DeleteRangeOptions,
  DeleteRangeResult,
  KeyRange,
  RangeOptions,
  WorkOptions,
} from '../vocabulary/entry.ts';
import type { PageView } from '../vocabulary/page-view.ts';
import type { DamagedEntry, Entry, KeyEntry, RangePage, StoreBatchItem } from './entry.ts';
import type { Modifier } from './modifier.ts';
import type { Patience } from './patience.ts';

export { FETCH_MAX } from './keydir/keydir-tables.ts';

/**
 * Key and value bytes are copied before a method returns. Answers arrive through the session's
 * `ReplySink`, during the call or later; errors (bad sizes included) arrive as `onError`, nothing
 * is thrown.
 */
export interface Session {
  /**
   * Requests of these keys follow, on this session or another: what they need is brought near.
   * Nothing but their speed depends on it.
   * @param count of keys, at most FETCH_MAX
   */
  fetch(buffer: Uint8Array, starts: Uint32Array, lengths: Uint32Array, count: number): void;
  get(buffer: Uint8Array, keyStart: number, keyBytes: number, token: number): void;
  exists(buffer: Uint8Array, keyStart: number, keyBytes: number, token: number): void;
  /**
   * @param condition CONDITION_NONE, CONDITION_IF_ABSENT, CONDITION_IF_PRESENT or a revision
   * @param ttlMs TTL_NONE, TTL_KEEP, milliseconds or `expiringAt(ms since 1970)`
   */
  put(
    keyBuffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    valueBuffer: Uint8Array,
    valueStart: number,
    valueBytes: number,
    condition: number,
    ttlMs: number,
    token: number,
  ): void;
  delete(
    buffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    condition: number,
    token: number,
  ): void;
  /**
   * Hands the newest sequenced state of the key to the modifier, and does what it decides before
   * anyone else's write of the key; the answer is `onModified`, or `onError`. See `Modifier`.
   */
  modify(
    buffer: Uint8Array,
    keyStart: number,
    keyBytes: number,
    modifier: Modifier,
    token: number,
  ): void;

  /** Removes every key, by one record; the answer is `onDelete` with its revision. */
  clear(token: number): void;

  /**
   * In the order of `keys`; undefined where absent, an error where the record is damaged. Ends
   * early, after one item at least, once `maxRangeBytes` are reached: ask for the rest again.
   */
  getMany(
    keys: readonly Uint8Array[],
    patience?: Patience,
  ): Promise<(Entry | DamagedEntry | undefined)[]>;
  /** With its patience at an end before it is sequenced, a batch is CANCELLED: not applied. */
  batch(items: readonly StoreBatchItem[], patience?: Patience): Promise<BatchItemResult[]>;
  range(
    options: RangeOptions & { readonly keysOnly: true },
    patience?: Patience,
  ): Promise<RangePage<KeyEntry>>;
  range(options?: RangeOptions, patience?: Patience): Promise<RangePage<Entry | DamagedEntry>>;
  /**
   * As `range`, without an object for an entry: at once where nothing has to be waited for and all
   * is in memory, then valid until the store is asked for anything else.
   * @throws CaskError now, or later
   */
  page(options: RangeOptions, patience?: Patience): PageView | Promise<PageView>;
  /** The exact number of keys, of all or within a range: what is due is retired first. */
  count(range?: KeyRange, patience?: Patience): Promise<number>;
  /** See `Store.deleteRange`. It goes on when the session is closed. */
  deleteRange(options: DeleteRangeOptions & WorkOptions): Promise<DeleteRangeResult>;
  /** The client is gone: answers still due are dropped. What was sequenced is still committed. */
  close(): void;
}
