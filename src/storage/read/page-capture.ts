/**
 * A page as of one moment: keys and locations taken from the keydir within one turn, with the
 * segments pinned, so that the values can be read afterwards whatever happens meanwhile. Rows of
 * numbers, no object for an entry; used again and again where a page is handed over at once.
 */

import type { CaskError } from '../../errors/cask-error.ts';
import type { PageView } from '../../vocabulary/page-view.ts';
import { copyBytes } from '../format/byte-ranges.ts';
import { RECORD_HEADER_BYTES } from '../format/record.ts';
import type { Keydir } from '../keydir/keydir.ts';
import type { Segment } from '../log/segment.ts';
import type { SegmentCatalog } from '../log/segment-catalog.ts';
import type { SegmentFiles } from '../log/segment-files.ts';
import type { ValueCache } from './value-cache.ts';

const EXPIRY_BYTES = 6;
/** What an entry takes at most beside its record: its objects, and its row here. */
const ENTRY_MEMORY_BYTES = 512;

// The numbers of a row.
const SLOT = 0;
const OFFSET = 1;
const RECORD_BYTES = 2;
const SEQUENCE = 3;
/** Of the put that has the value. */
const VALUE_SEQUENCE = 4;
const VERSION = 5;
const CREATED_AT = 6;
/** When it was touched, or else changed, once the record or the cache has said it; 0: not known. */
const UPDATED_AT = 7;
const EXPIRES_AT = 8;
const KEY_START = 9;
const KEY_BYTES = 10;
const VALUE_BYTES = 11;
/** Where the value lies, once it is found. */
const VALUE_START = 12;
const FIELDS = 13;

const ROWS_FIRST = 128;
const KEYS_FIRST = 4096;

export class PageCapture implements PageView {
  count = 0;
  more = false;
  isKeysOnly = false;
  /** It goes on behind another page of a range, as all of a walk over everything do. */
  isContinued = false;
  /** The row whose value was looked for last in the cache, and is not there; -1: none. */
  missingRow = -1;
  bytes = 0;
  errors: Map<number, CaskError> | undefined = undefined;
  keys = Buffer.allocUnsafeSlow(KEYS_FIRST);
  keysBytes = 0;
  readonly #catalog: SegmentCatalog;
  readonly #cache: ValueCache;
  #rows = new Float64Array(ROWS_FIRST * FIELDS);
  #recordBytes = 0;
  /** What each row's value lies in; empty: all of them lie in one place. */
  readonly #buffers: Uint8Array[] = [];
  /** That place; undefined: the cache. */
  #place: Uint8Array | undefined;
  readonly #pinned = new Set<Segment>();

  constructor(catalog: SegmentCatalog, cache: ValueCache) {
    this.#catalog = catalog;
    this.#cache = cache;
  }

  /** Forgets what it holds. Not of one with values of its own. */
  reset(): void {
    this.count = 0;
    this.more = false;
    this.isContinued = false;
    this.missingRow = -1;
    this.bytes = 0;
    this.keysBytes = 0;
    this.errors = undefined;
    this.#recordBytes = 0;
    this.#place = undefined;
  }

  /** Bytes that the entry adds to a page: its key and its value. */
  static entryBytes(keydir: Keydir, ref: number): number {
    const head = RECORD_HEADER_BYTES + (keydir.valueExpires(ref) ? EXPIRY_BYTES : 0);
    return keydir.recordBytes(ref) - head;
  }

  /** @param bytes what it adds to the page */
  add(keydir: Keydir, ref: number, bytes: number, expiresAt: number): void {
    const keyBytes = keydir.keyLength(ref);
    const recordBytes = keydir.recordBytes(ref);
    const entryBytes = this.isKeysOnly ? PageCapture.entryBytes(keydir, ref) : bytes;
    this.#reserve(keyBytes);
    const rows = this.#rows;
    const at = this.count * FIELDS;
    rows[at + SLOT] = keydir.segmentSlot(ref);
    rows[at + OFFSET] = keydir.offset(ref);
    rows[at + RECORD_BYTES] = recordBytes;
    rows[at + SEQUENCE] = keydir.sequence(ref);
    rows[at + VALUE_SEQUENCE] = keydir.valueSequence(ref);
    rows[at + VERSION] = keydir.version(ref);
    rows[at + CREATED_AT] = keydir.createdAt(ref);
    rows[at + UPDATED_AT] = this.isKeysOnly ? 0 : keydir.touchedAt(ref);
    rows[at + EXPIRES_AT] = expiresAt;
    rows[at + KEY_START] = this.keysBytes;
    rows[at + KEY_BYTES] = keyBytes;
    rows[at + VALUE_BYTES] = entryBytes - keyBytes;
    keydir.copyKey(ref, this.keys, this.keysBytes);
    this.keysBytes += keyBytes;
    this.bytes += bytes;
    this.#recordBytes += recordBytes;
    this.count += 1;
  }

  /** What the page takes in memory once its values are read, buffers and objects. */
  get memoryBytes(): number {
    const values = this.isKeysOnly ? 0 : this.#recordBytes;
    return values + this.keysBytes + this.count * ENTRY_MEMORY_BYTES;
  }

  /** The most that a page of such bounds takes. */
  static memoryBytesMax(items: number, bytes: number): number {
    return 2 * bytes + items * (ENTRY_MEMORY_BYTES + RECORD_HEADER_BYTES + EXPIRY_BYTES);
  }

  // Rows.

  keyStart(row: number): number {
    return this.#rows[row * FIELDS + KEY_START] as number;
  }

  keyBytes(row: number): number {
    return this.#rows[row * FIELDS + KEY_BYTES] as number;
  }

  /** Length of the value, from the keydir alone. */
  valueBytes(row: number): number {
    return this.#rows[row * FIELDS + VALUE_BYTES] as number;
  }

  valueStart(row: number): number {
    return this.#rows[row * FIELDS + VALUE_START] as number;
  }

  valueBuffer(row: number): Uint8Array {
    if (this.#buffers.length > 0) return this.#buffers[row] as Uint8Array;
    return this.#place ?? this.#cache.buffer;
  }

  revision(row: number): number {
    return this.#rows[row * FIELDS + SEQUENCE] as number;
  }

  version(row: number): number {
    return this.#rows[row * FIELDS + VERSION] as number;
  }

  createdAt(row: number): number {
    return this.#rows[row * FIELDS + CREATED_AT] as number;
  }

  updatedAt(row: number): number {
    return this.#rows[row * FIELDS + UPDATED_AT] as number;
  }

  expiresAt(row: number): number {
    return this.#rows[row * FIELDS + EXPIRES_AT] as number;
  }

  // Where the values are.

  segment(row: number): Segment {
    return this.#catalog.atSlot(this.#rows[row * FIELDS + SLOT] as number);
  }

  isInSegmentOf(row: number, other: number): boolean {
    return this.#rows[row * FIELDS + SLOT] === this.#rows[other * FIELDS + SLOT];
  }

  offset(row: number): number {
    return this.#rows[row * FIELDS + OFFSET] as number;
  }

  recordBytes(row: number): number {
    return this.#rows[row * FIELDS + RECORD_BYTES] as number;
  }

  valueSequence(row: number): number {
    return this.#rows[row * FIELDS + VALUE_SEQUENCE] as number;
  }

  /** Where the value lies: in the cache, or where `lieIn` says. */
  setPlace(row: number, start: number, updatedAt: number): void {
    const at = row * FIELDS;
    this.#rows[at + VALUE_START] = start;
    if (this.#rows[at + UPDATED_AT] === 0) this.#rows[at + UPDATED_AT] = updatedAt;
  }

  /** What all values lie in, for as long as the page is not kept. */
  lieIn(buffer: Uint8Array): void {
    this.#place = buffer;
  }

  /** The value lies in a buffer that nobody else writes to. */
  setValue(row: number, buffer: Uint8Array, start: number, updatedAt: number): void {
    this.#buffers[row] = buffer;
    this.setPlace(row, start, updatedAt);
  }

  setError(row: number, error: CaskError): void {
    this.errors ??= new Map();
    this.errors.set(row, error);
  }

  /** From here on values lie in buffers of the page's own; those of the first rows in this one. */
  ownValues(rows: number, buffer: Uint8Array): void {
    for (let row = 0; row < this.count; row += 1) {
      this.#buffers.push(row < rows ? buffer : this.keys);
    }
  }

  pin(files: SegmentFiles): void {
    for (let row = 0; row < this.count; row += 1) {
      if (row > 0 && this.isInSegmentOf(row, row - 1)) continue;
      const segment = this.segment(row);
      if (this.#pinned.has(segment)) continue;
      this.#pinned.add(segment);
      files.pin(segment);
    }
  }

  unpin(files: SegmentFiles): void {
    for (const segment of this.#pinned) files.unpin(segment);
    this.#pinned.clear();
  }

  #reserve(keyBytes: number): void {
    const needed = this.keysBytes + keyBytes;
    if (needed > this.keys.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.keys.length * 2));
      copyBytes(larger, 0, this.keys, 0, this.keysBytes);
      this.keys = larger;
    }
    if ((this.count + 1) * FIELDS <= this.#rows.length) return;
    const rows = new Float64Array(this.#rows.length * 2);
    rows.set(this.#rows);
    this.#rows = rows;
  }
}
