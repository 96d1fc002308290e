/** The vocabulary of the store: entries, conditions, items of a batch, ranges. */

import type { CaskError } from '../errors/cask-error.ts';

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

export interface Entry extends EntryMeta {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** An entry of a keys-only page; `updatedAt` stands in the record on disk, which is not read. */
export interface KeyEntry extends Omit<EntryMeta, 'updatedAt'> {
  readonly key: Buffer;
}

/** A key of a page whose record could not be read. */
export interface DamagedEntry extends KeyEntry {
  readonly error: CaskError;
}

/** A condition of a write as a number, the form that the hot path uses. */
export const CONDITION_NONE = -1;
export const CONDITION_IF_ABSENT = -2;
export const CONDITION_IF_PRESENT = -3;
// 0 and above: the revision must be equal; 0 means absent

/** The time to live of a put as a number: these, or milliseconds (>= 1). */
export const TTL_NONE = 0;
export const TTL_KEEP = -1;

/** Conditions of a write; at most one of them. */
export interface WriteCondition {
  readonly ifAbsent?: boolean;
  readonly ifPresent?: boolean;
  /** 0: the key must be absent. */
  readonly ifRevision?: number;
}

export interface PutOptions extends WriteCondition {
  /** Milliseconds from now, at least 1. Absent: no expiry, and an existing one is removed. */
  readonly ttlMs?: number;
  /** Keep the expiry that the key has. Not together with `ttlMs`. */
  readonly keepTtl?: boolean;
}

export type DeleteOptions = Omit<WriteCondition, 'ifAbsent'>;

/** Keys and values: bytes, or a string that stands for its UTF-8 bytes. */
export type Bytes = Uint8Array | string;

export type BatchItem =
  | ({ readonly type: 'put'; readonly key: Bytes; readonly value: Bytes } & PutOptions)
  | ({ readonly type: 'delete'; readonly key: Bytes } & DeleteOptions);

/** What a batch did with one item: a put always has a revision; a delete of nothing has none. */
export interface BatchItemResult {
  readonly revision: number | undefined;
  readonly version: number | undefined;
}

export interface RangeOptions {
  /** Inclusive. */
  readonly start?: Bytes | undefined;
  /** Exclusive. */
  readonly end?: Bytes | undefined;
  /** Intersects `start` and `end`. */
  readonly prefix?: Bytes | undefined;
  /** The cursor: exclusive in the direction of travel. */
  readonly after?: Bytes | undefined;
  /** Items of a page. @default 1000 */
  readonly limit?: number | undefined;
  readonly reverse?: boolean | undefined;
  readonly keysOnly?: boolean | undefined;
}

/** One moment of the store: at most `limit` entries, and whether keys follow. */
export interface RangePage<E> {
  readonly entries: E[];
  readonly more: boolean;
}
