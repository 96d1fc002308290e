/** Entries as the store gives them, and pages of them. */

import type { CaskError } from '../errors/cask-error.ts';
import type { EntryMeta } from '../vocabulary/entry.ts';

export interface Entry extends EntryMeta {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** An entry of a keys-only page; `updatedAt` stands in the record on disk, which is not read. */
export interface KeyEntry extends Omit<EntryMeta, 'updatedAt'> {
  readonly key: Buffer;
  /** Length of its value. */
  readonly valueBytes: number;
}

/** A key of a page whose record could not be read. */
export interface DamagedEntry extends Omit<KeyEntry, 'valueBytes'> {
  readonly error: CaskError;
}

/** One moment of the store: at most `limit` entries, and whether keys follow. */
export interface RangePage<E> {
  readonly entries: E[];
  readonly more: boolean;
}
