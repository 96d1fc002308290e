/**
 * A page as it lies in the store, row by row: the protocol encodes replies from it, and nothing is
 * made for an entry.
 */

import type { CaskError } from '../errors/cask-error.ts';

/** One moment of the store: rows in order, and whether keys follow. Times are ms since 1970. */
export interface PageView {
  readonly count: number;
  readonly more: boolean;
  /** Without values: their lengths are known, and the times of the last change are not. */
  readonly isKeysOnly: boolean;
  /** Of all that is given: keys, and values unless it is of keys alone. */
  readonly bytes: number;
  /** Of rows whose record could not be read; undefined: there is none. */
  readonly errors: ReadonlyMap<number, CaskError> | undefined;
  /** All keys, one after the other. */
  readonly keys: Uint8Array;
  keyStart(row: number): number;
  keyBytes(row: number): number;
  /** What the value lies in. Not of keys alone, nor of a row with an error. */
  valueBuffer(row: number): Uint8Array;
  valueStart(row: number): number;
  valueBytes(row: number): number;
  revision(row: number): number;
  version(row: number): number;
  createdAt(row: number): number;
  /** 0: not known. */
  updatedAt(row: number): number;
  /** 0: never. */
  expiresAt(row: number): number;
}
