/** The entries of a page as objects, for those who keep them. */

import type { CaskError } from '../../errors/cask-error.ts';
import type { PageView } from '../../vocabulary/page-view.ts';
import type { DamagedEntry, Entry, KeyEntry } from '../entry.ts';

type AnyEntry = Entry | DamagedEntry | KeyEntry;

/** All of a page, in its order. They share its buffers. */
export function entriesOf(page: PageView & { readonly isKeysOnly: true }): KeyEntry[];
export function entriesOf(page: PageView): AnyEntry[];
export function entriesOf(page: PageView): AnyEntry[] {
  const entries: AnyEntry[] = [];
  for (let row = 0; row < page.count; row += 1) {
    entries.push(page.isKeysOnly ? keyEntryOf(page, row) : entryOf(page, row));
  }
  return entries;
}

/** One of a page with values. */
export function entryOf(page: PageView, row: number): Entry | DamagedEntry {
  const error = page.errors?.get(row);
  if (error !== undefined) return damagedEntryOf(page, row, error);
  const start = page.valueStart(row);
  return {
    key: keyOf(page, row),
    value: slice(page.valueBuffer(row), start, start + page.valueBytes(row)),
    revision: page.revision(row),
    version: page.version(row),
    createdAt: page.createdAt(row),
    updatedAt: page.updatedAt(row),
    expiresAt: page.expiresAt(row) || undefined,
  };
}

function keyEntryOf(page: PageView, row: number): KeyEntry {
  return {
    key: keyOf(page, row),
    valueBytes: page.valueBytes(row),
    revision: page.revision(row),
    version: page.version(row),
    createdAt: page.createdAt(row),
    expiresAt: page.expiresAt(row) || undefined,
  };
}

function damagedEntryOf(page: PageView, row: number, error: CaskError): DamagedEntry {
  return {
    key: keyOf(page, row),
    revision: page.revision(row),
    version: page.version(row),
    createdAt: page.createdAt(row),
    expiresAt: page.expiresAt(row) || undefined,
    error,
  };
}

function keyOf(page: PageView, row: number): Buffer {
  const start = page.keyStart(row);
  return slice(page.keys, start, start + page.keyBytes(row));
}

function slice(bytes: Uint8Array, start: number, end: number): Buffer {
  return bytes instanceof Buffer
    ? bytes.subarray(start, end)
    : Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
}
