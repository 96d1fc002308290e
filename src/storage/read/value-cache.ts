/**
 * Values read lately, in one ring of shared memory, found by revision. A revision never names
 * another value, so nothing here can be stale: neither a merge nor a racing fill matters, and
 * what a write superseded is simply never asked for again.
 *
 * Eviction is FIFO with a second chance (CLOCK): a value that was asked for since it was put in
 * is put in again when its turn comes. No object and no allocation per value.
 *
 * ```
 *  entry in the ring, 8-byte aligned:
 *   0  4  revision, low 32 bits
 *   4  4  revision, high bits; the top bit: asked for since it was put in
 *   8  4  valueBytes
 *  12  4  the next entry in its bucket's chain, in units of 8 bytes + 1; 0: none
 *  16  8  updatedAt
 *  24  .  value
 * ```
 */

import { copyBytes } from '../format/byte-ranges.ts';
import { readU32, readU64, writeU32, writeU64 } from '../format/integers.ts';

const VALUE_BYTES_AT = 8;
const NEXT_AT = 12;
const UPDATED_AT = 16;
const HEADER_BYTES = 24;
const ALIGN_BYTES = 8;
const ASKED_BIT = 0x8000_0000;
const TWO_32 = 0x1_0000_0000;
/** Larger values are not worth the many small ones that they would push out. */
const VALUE_SHARE_MAX = 64;
/** One bucket for this many bytes of the ring. */
const BYTES_PER_BUCKET = 256;
/** Entries given a second chance in one insertion, so that it stays bounded. */
const CHANCES_MAX = 8;

export class ValueCache {
  bytesMax = 0;
  #ring: Uint8Array = new Uint8Array(0);
  #buckets: Uint32Array = new Uint32Array(1);
  /** Oldest entry, where the next goes, and where the filled part ends when the head wrapped. */
  #tail = 0;
  #head = 0;
  #wrapAt = 0;
  entries = 0;
  /** How far the ring was ever filled: so much of it takes memory. */
  bytesHigh = 0;
  evictions = 0;
  hits = 0;
  misses = 0;
  /** After `find` gave an offset: the value's length and time. */
  foundBytes = 0;
  foundUpdatedAt = 0;

  constructor(bytesMax: number) {
    this.resize(bytesMax);
  }

  /** Starts anew, empty, with this many bytes. `buffer` is another one from here on. */
  resize(bytesMax: number): void {
    const ringBytes = Math.floor(bytesMax / ALIGN_BYTES) * ALIGN_BYTES;
    this.bytesMax = ringBytes;
    this.#ring = new Uint8Array(new SharedArrayBuffer(ringBytes));
    const buckets = 2 ** Math.ceil(Math.log2(Math.max(1, ringBytes / BYTES_PER_BUCKET)));
    this.#buckets = new Uint32Array(new SharedArrayBuffer(buckets * 4));
    this.entries = 0;
  }

  /** Of the entries that are there, and of gaps between them. */
  get bytes(): number {
    if (this.entries === 0) return 0;
    const isWrapped = this.#head <= this.#tail;
    return this.#head - this.#tail + (isWrapped ? this.#wrapAt : 0);
  }

  /** What `find`'s offsets refer to. */
  get buffer(): Uint8Array {
    return this.#ring;
  }

  /** Where the value of that revision starts in `buffer`, or -1. Valid until the next `put`. */
  find(revision: number): number {
    if (this.entries === 0) {
      this.misses += 1;
      return -1;
    }
    const at = this.#locate(revision);
    if (at < 0) {
      this.misses += 1;
      return -1;
    }
    this.hits += 1;
    const ring = this.#ring;
    const high = readU32(ring, at + 4);
    if (high < ASKED_BIT) writeU32(ring, at + 4, high + ASKED_BIT);
    this.foundBytes = readU32(ring, at + VALUE_BYTES_AT);
    this.foundUpdatedAt = readU64(ring, at + UPDATED_AT);
    return at + HEADER_BYTES;
  }

  /** Whether the value is here, without counting as a use of it. */
  has(revision: number): boolean {
    return this.entries > 0 && this.#locate(revision) >= 0;
  }

  put(revision: number, updatedAt: number, source: Uint8Array, start: number, bytes: number): void {
    if ((HEADER_BYTES + bytes) * VALUE_SHARE_MAX > this.bytesMax) return;
    if (this.#locate(revision) >= 0) return;
    const size = entrySize(bytes);
    const at = this.#makeRoom(size);
    this.#write(at, revision, updatedAt, bytes);
    copyBytes(this.#ring, at + HEADER_BYTES, source, start, bytes);
    this.#head = at + size;
    if (this.#head > this.bytesHigh) this.bytesHigh = this.#head;
  }

  #write(at: number, revision: number, updatedAt: number, bytes: number): void {
    const ring = this.#ring;
    const bucket = this.#bucketOf(revision);
    writeU64(ring, at, revision);
    writeU32(ring, at + VALUE_BYTES_AT, bytes);
    writeU32(ring, at + NEXT_AT, this.#buckets[bucket] as number);
    writeU64(ring, at + UPDATED_AT, updatedAt);
    this.#buckets[bucket] = at / ALIGN_BYTES + 1;
    this.entries += 1;
  }

  #bucketOf(revision: number): number {
    // Revisions count up: spread neighbours by a multiplicative hash.
    const mixed = Math.imul(revision ^ (revision / TWO_32), 0x9e37_79b1);
    return (mixed >>> 8) & (this.#buckets.length - 1);
  }

  #revisionAt(at: number): number {
    const high = readU32(this.#ring, at + 4) % ASKED_BIT;
    return high * TWO_32 + readU32(this.#ring, at);
  }

  #locate(revision: number): number {
    let link = this.#buckets[this.#bucketOf(revision)] as number;
    while (link !== 0) {
      const at = (link - 1) * ALIGN_BYTES;
      if (this.#revisionAt(at) === revision) return at;
      link = readU32(this.#ring, at + NEXT_AT);
    }
    return -1;
  }

  /** A free run of `size` bytes, evicting from the tail what is in its way. */
  #makeRoom(size: number): number {
    let chances = CHANCES_MAX;
    for (;;) {
      const free = this.#freeAt(size);
      if (free >= 0) return free;
      const at = this.#tail;
      const bytes = readU32(this.#ring, at + VALUE_BYTES_AT);
      const asked = readU32(this.#ring, at + 4) >= ASKED_BIT;
      this.#evictTail(at, bytes);
      if (asked && chances > 0) {
        chances -= 1;
        this.#reinsert(at, bytes);
      }
    }
  }

  /** Where `size` bytes fit without an eviction; -1: nowhere. Wraps the head when it must. */
  #freeAt(size: number): number {
    if (this.entries === 0) {
      this.#tail = 0;
      this.#head = 0;
      this.#wrapAt = this.bytesMax;
      return 0;
    }
    if (this.#head > this.#tail) {
      if (this.#head + size <= this.bytesMax) return this.#head;
      if (size > this.#tail) return -1;
      this.#wrapAt = this.#head;
      this.#head = 0;
      return 0;
    }
    // Head and tail at one place: there are entries, so the ring is full.
    return this.#head + size <= this.#tail ? this.#head : -1;
  }

  #evictTail(at: number, bytes: number): void {
    this.#unlink(at);
    this.entries -= 1;
    this.evictions += 1;
    this.#tail = at + entrySize(bytes);
    if (this.#tail >= this.#wrapAt) {
      this.#tail = 0;
      this.#wrapAt = this.bytesMax;
    }
  }

  /** Gives an evicted entry, whose bytes are still there, a place at the head if there is one. */
  #reinsert(from: number, bytes: number): void {
    const size = entrySize(bytes);
    const revision = this.#revisionAt(from);
    const updatedAt = readU64(this.#ring, from + UPDATED_AT);
    const at = this.#freeAt(size);
    if (at < 0) return;
    this.#ring.copyWithin(at, from, from + size);
    this.#write(at, revision, updatedAt, bytes);
    this.#head = at + size;
  }

  #unlink(at: number): void {
    const bucket = this.#bucketOf(this.#revisionAt(at));
    const wanted = at / ALIGN_BYTES + 1;
    const after = readU32(this.#ring, at + NEXT_AT);
    let link = this.#buckets[bucket] as number;
    if (link === wanted) {
      this.#buckets[bucket] = after;
      return;
    }
    while (link !== 0) {
      const linkAt = (link - 1) * ALIGN_BYTES;
      link = readU32(this.#ring, linkAt + NEXT_AT);
      if (link !== wanted) continue;
      writeU32(this.#ring, linkAt + NEXT_AT, after);
      return;
    }
  }
}

function entrySize(bytes: number): number {
  return HEADER_BYTES + Math.ceil(bytes / ALIGN_BYTES) * ALIGN_BYTES;
}
