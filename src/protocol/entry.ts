/** The vocabulary of the protocol: entries, conditions, items of a batch, ranges. */

import { CaskError } from '../errors/cask-error.ts';

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

export interface WriteOptions extends WriteCondition {
  /** Milliseconds from now, at least 1. Absent: no expiry, and an existing one is removed. */
  readonly ttlMs?: number | undefined;
  /** Keep the expiry that the key has. Not together with `ttlMs`. */
  readonly keepTtl?: boolean | undefined;
}

export type BatchItem =
  | ({ readonly type: 'put'; readonly key: Bytes; readonly value: Bytes } & WriteOptions)
  | ({ readonly type: 'delete'; readonly key: Bytes } & Omit<WriteCondition, 'ifAbsent'>);

/** What a batch did with one item: a put always has a revision; a delete of nothing has none. */
export interface BatchItemResult {
  readonly revision: number | undefined;
  readonly version: number | undefined;
}

export interface RangeRequest {
  readonly start?: Bytes | undefined;
  readonly end?: Bytes | undefined;
  readonly prefix?: Bytes | undefined;
  readonly after?: Bytes | undefined;
  readonly limit?: number | undefined;
  readonly reverse?: boolean | undefined;
  readonly keysOnly?: boolean | undefined;
}

/** A condition of a write as a number; the same numbers as the store's. */
export const CONDITION_NONE = -1;
export const CONDITION_IF_ABSENT = -2;
export const CONDITION_IF_PRESENT = -3;
// 0 and above: the revision must be equal; 0 means absent

/** The time to live of a put as a number: these, or milliseconds (>= 1). */
export const TTL_NONE = 0;
export const TTL_KEEP = -1;
/** The longest time to live, about 4,460 years. */
export const TTL_MS_MAX = 2 ** 47;

/**
 * The condition as a number.
 * @throws CaskError INVALID_OPTION: more than one, or a revision that is none
 */
export function conditionOf(options: WriteCondition): number {
  const { ifAbsent, ifPresent, ifRevision } = options;
  let condition = CONDITION_NONE;
  let given = 0;
  if (ifAbsent === true) {
    condition = CONDITION_IF_ABSENT;
    given += 1;
  }
  if (ifPresent === true) {
    condition = CONDITION_IF_PRESENT;
    given += 1;
  }
  if (ifRevision !== undefined) {
    if (!Number.isSafeInteger(ifRevision) || ifRevision < 0) {
      throw new CaskError('INVALID_OPTION', `ifRevision is ${ifRevision}, not a revision`);
    }
    condition = ifRevision;
    given += 1;
  }
  if (given > 1) {
    throw new CaskError('INVALID_OPTION', 'at most one of ifAbsent, ifPresent, ifRevision');
  }
  return condition;
}

/**
 * The time to live as a number.
 * @throws CaskError INVALID_OPTION
 */
export function ttlOf(options: Pick<WriteOptions, 'ttlMs' | 'keepTtl'>): number {
  const { ttlMs, keepTtl } = options;
  if (ttlMs === undefined) return keepTtl === true ? TTL_KEEP : TTL_NONE;
  if (keepTtl === true) {
    throw new CaskError('INVALID_OPTION', 'ttlMs and keepTtl exclude each other');
  }
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 1 || ttlMs > TTL_MS_MAX) {
    throw new CaskError('INVALID_OPTION', `ttlMs is ${ttlMs}, not an integer from 1 to 2^47`);
  }
  return ttlMs;
}
