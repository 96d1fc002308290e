/**
 * A page as of one moment: keys and locations taken from the keydir within one turn, with the
 * segments pinned, so that the values can be read afterwards whatever happens meanwhile.
 */

import { copyBytes } from '../format/byte-ranges.ts';
import { RECORD_HEADER_BYTES } from '../format/record.ts';
import type { Keydir } from '../keydir/keydir.ts';
import type { Segment } from '../log/segment.ts';
import type { SegmentCatalog } from '../log/segment-catalog.ts';
import type { SegmentFiles } from '../log/segment-files.ts';

const EXPIRY_BYTES = 6;
/** An entry's objects, and its rows here. */
const ENTRY_MEMORY_BYTES = 512;

export class PageCapture {
  /** One row an entry. */
  readonly segments: Segment[] = [];
  readonly offsets: number[] = [];
  readonly recordBytes: number[] = [];
  readonly sequences: number[] = [];
  /** Of the put that has the value. */
  readonly valueSequences: number[] = [];
  /** When it was touched; 0: the record says when it was changed. */
  readonly touchedAts: number[] = [];
  readonly valueLengths: number[] = [];
  readonly versions: number[] = [];
  readonly createdAts: number[] = [];
  /** 0: never expires. */
  readonly expiresAts: number[] = [];
  readonly keyStarts: number[] = [];
  /** All keys of the page, one after the other. */
  keys = Buffer.allocUnsafe(4096);
  keysBytes = 0;
  /** Bytes of keys and values. */
  bytes = 0;
  #recordBytes = 0;
  readonly #pinned = new Set<Segment>();

  get count(): number {
    return this.segments.length;
  }

  /** Bytes that the entry adds to a page: its key and its value. */
  static entryBytes(keydir: Keydir, ref: number): number {
    const head = RECORD_HEADER_BYTES + (keydir.valueExpires(ref) ? EXPIRY_BYTES : 0);
    return keydir.recordBytes(ref) - head;
  }

  add(keydir: Keydir, catalog: SegmentCatalog, ref: number, bytes: number): void {
    const keyBytes = keydir.keyLength(ref);
    this.#reserveKey(keyBytes);
    this.keyStarts.push(this.keysBytes);
    keydir.copyKey(ref, this.keys, this.keysBytes);
    this.keysBytes += keyBytes;
    this.segments.push(catalog.atSlot(keydir.segmentSlot(ref)));
    this.offsets.push(keydir.offset(ref));
    this.recordBytes.push(keydir.recordBytes(ref));
    this.sequences.push(keydir.sequence(ref));
    this.valueSequences.push(keydir.valueSequence(ref));
    this.touchedAts.push(keydir.touchedAt(ref));
    this.valueLengths.push(PageCapture.entryBytes(keydir, ref) - keyBytes);
    this.versions.push(keydir.version(ref));
    this.createdAts.push(keydir.createdAt(ref));
    this.expiresAts.push(keydir.expiresAt(ref));
    this.bytes += bytes;
    this.#recordBytes += keydir.recordBytes(ref);
  }

  /** What the page takes in memory once its values are read, buffers and objects. */
  memoryBytes(isKeysOnly: boolean): number {
    const values = isKeysOnly ? 0 : this.#recordBytes;
    return values + this.keysBytes + this.count * ENTRY_MEMORY_BYTES;
  }

  /** The most that a page of such bounds takes. */
  static memoryBytesMax(items: number, bytes: number): number {
    return 2 * bytes + items * (ENTRY_MEMORY_BYTES + RECORD_HEADER_BYTES + EXPIRY_BYTES);
  }

  /** Length of the value, from the keydir alone. */
  valueBytes(row: number): number {
    return this.valueLengths[row] as number;
  }

  key(row: number): Buffer {
    return this.keys.subarray(this.keyStarts[row], this.keyStarts[row + 1] ?? this.keysBytes);
  }

  pin(files: SegmentFiles): void {
    for (const segment of this.segments) {
      if (this.#pinned.has(segment)) continue;
      this.#pinned.add(segment);
      files.pin(segment);
    }
  }

  unpin(files: SegmentFiles): void {
    for (const segment of this.#pinned) files.unpin(segment);
    this.#pinned.clear();
  }

  #reserveKey(bytes: number): void {
    const needed = this.keysBytes + bytes;
    if (needed <= this.keys.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.keys.length * 2));
    copyBytes(larger, 0, this.keys, 0, this.keysBytes);
    this.keys = larger;
  }
}
