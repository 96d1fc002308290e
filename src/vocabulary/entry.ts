/**
 * The vocabulary that store, protocol and client share: what is known of an entry, conditions,
 * times to live, items of a batch, ranges.
 */

/** What is known of a key besides its value. Times are ms since 1970. */
export interface EntryMeta {
  /** Sequence of the last change, store-wide, never reset nor reused; conditions use it. */
  readonly revision: number;
  /** 1, 2, 3 ... since the entry's creation. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Undefined: never expires. */
  readonly expiresAt: number | undefined;
}

/** Keys and values: bytes, or a string that stands for its UTF-8 bytes. */
export type Bytes = Uint8Array | string;

/** Conditions of a write; at most one of them. */
export interface WriteCondition {
  readonly ifAbsent?: boolean | undefined;
  readonly ifPresent?: boolean | undefined;
  /** 0: the key must be absent. */
  readonly ifRevision?: number | undefined;
}

export interface PutOptions extends WriteCondition {
  /** Milliseconds from now, at least 1. Absent: no expiry, and an existing one is removed. */
  readonly ttlMs?: number | undefined;
  /** When it expires, ms since 1970; a time that has passed makes it absent. Not with `ttlMs`. */
  readonly expiresAt?: number | undefined;
  /** Keep the expiry that the key has. Not together with `ttlMs` or `expiresAt`. */
  readonly keepTtl?: boolean | undefined;
}

/** Another expiry for a key: one of them. */
export type TouchOptions = Pick<PutOptions, 'ttlMs' | 'expiresAt'>;

/** What counting did. */
export interface CounterResult extends EntryMeta {
  /** The sum. */
  readonly value: bigint;
}

export type DeleteOptions = Omit<WriteCondition, 'ifAbsent'>;

export type BatchItem =
  | ({ readonly type: 'put'; readonly key: Bytes; readonly value: Bytes } & PutOptions)
  | ({ readonly type: 'delete'; readonly key: Bytes } & DeleteOptions);

/** What a batch did with one item: a put always has a revision; a delete of nothing has none. */
export interface BatchItemResult {
  readonly revision: number | undefined;
  readonly version: number | undefined;
}

/** Which keys: all of those that satisfy every bound that is given; without any, all. */
export interface KeyRange {
  /** Inclusive. */
  readonly start?: Bytes | undefined;
  /** Exclusive. */
  readonly end?: Bytes | undefined;
  /** Intersects `start` and `end`. */
  readonly prefix?: Bytes | undefined;
}

export interface RangeOptions extends KeyRange {
  /** The cursor: exclusive in the direction of travel. */
  readonly after?: Bytes | undefined;
  /** Items of a page. @default 1000 */
  readonly limit?: number | undefined;
  readonly reverse?: boolean | undefined;
  readonly keysOnly?: boolean | undefined;
}

export interface DeleteRangeOptions extends KeyRange {
  /** Deletes every key there is. Needed where no bound is given, and refused where one is. */
  readonly all?: boolean | undefined;
}

/** What deleting a range did. */
export interface DeleteRangeResult {
  readonly deleted: number;
  /** Of the last key deleted; undefined: there was none. */
  readonly revision: number | undefined;
}

/**
 * Told now and then how far long work is: how much is done, and of how much, where that is known.
 */
export type ProgressListener = (done: number, total: number | undefined) => void;

/** Options of long work. */
export interface WorkOptions {
  /** Aborting it stops the work, which then fails with CANCELLED. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ProgressListener | undefined;
}
