/** Entries as the store gives them, and pages of them. */

import type { CaskError } from '../errors/cask-error.ts';
import type { BatchItem, Bytes, EntryMeta, WriteCondition } from '../vocabulary/entry.ts';

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

/** Writes nothing: the batch is applied only if the condition holds, as that of any item. */
export type CheckItem = { readonly type: 'check'; readonly key: Bytes } & WriteCondition;

/** What a batch of the store is made of. */
export type StoreBatchItem = BatchItem | CheckItem;

/** One moment of the store: at most `limit` entries, and whether keys follow. */
export interface RangePage<E> {
  readonly entries: E[];
  readonly more: boolean;
}
