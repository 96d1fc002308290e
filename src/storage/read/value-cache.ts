/**
 * Values read lately, in one ring of shared memory, found by revision. A revision never names
 * another value, so nothing here can be stale: neither a merge nor a racing fill matters, and
 * what a write superseded is simply never asked for again.
 *
 * Eviction is FIFO with a second chance (CLOCK): a value that was asked for since it was put in
 * is put in again when its turn comes. No object and no allocation per value. What enters is for
 * readers to say: all that is read by its key, and of pages what `page-sightings.ts` lets in.
 *
 * ```
 *  entry in the ring, 8-byte aligned, in the byte order of the machine:
 *   0  4  revision, low 32 bits
 *   4  4  revision, high bits; the top bit: asked for since it was put in
 *   8  4  valueBytes
 *  12  4  the next entry in its bucket's chain, in units of 8 bytes + 1; 0: none
 *  16  8  updatedAt, a double
 *  24  .  value
 * ```
 */

import { copyBytes } from '../format/byte-ranges.ts';
import { FETCH_MAX } from '../keydir/keydir-tables.ts';

/** Words of 4 bytes. */
const REVISION_HIGH = 1;
const VALUE_BYTES = 2;
const NEXT = 3;
/** In units of 8 bytes. */
const UPDATED_AT = 2;
const HEADER_BYTES = 24;
const ALIGN_BYTES = 8;
const ASKED_BIT = 0x8000_0000;
const TWO_32 = 0x1_0000_0000;
/** Words of a line of the processor's cache. */
const NEXT_LINE = 16;
/** Larger values are not worth the many small ones that they would push out. */
const VALUE_SHARE_MAX = 64;
/** One bucket for this many bytes of the ring. */
const BYTES_PER_BUCKET = 256;
/** Entries given a second chance in one insertion, so that it stays bounded. */
const CHANCES_MAX = 8;

export class ValueCache {
  bytesMax = 0;
  #ring: Uint8Array = new Uint8Array(0);
  /** The same memory: fields are words of 4 bytes, or times of 8. */
  #words: Uint32Array = new Uint32Array(0);
  #times: Float64Array = new Float64Array(0);
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
  /** What `fetch` read, so that it is read. */
  seen = 0;
  readonly #links = new Uint32Array(FETCH_MAX);

  constructor(bytesMax: number) {
    this.resize(bytesMax);
  }

  /** Starts anew, empty, with this many bytes. `buffer` is another one from here on. */
  resize(bytesMax: number): void {
    const ringBytes = Math.floor(bytesMax / ALIGN_BYTES) * ALIGN_BYTES;
    this.bytesMax = ringBytes;
    const memory = new SharedArrayBuffer(ringBytes);
    this.#ring = new Uint8Array(memory);
    this.#words = new Uint32Array(memory);
    this.#times = new Float64Array(memory);
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
    const words = this.#words;
    const word = at >>> 2;
    const high = words[word + REVISION_HIGH] as number;
    if (high < ASKED_BIT) words[word + REVISION_HIGH] = high + ASKED_BIT;
    this.foundBytes = words[word + VALUE_BYTES] as number;
    this.foundUpdatedAt = this.#times[(at >>> 3) + UPDATED_AT] as number;
    return at + HEADER_BYTES;
  }

  /** Whether the value is here, without counting as a use of it. */
  has(revision: number): boolean {
    return this.entries > 0 && this.#locate(revision) >= 0;
  }

  /**
   * Fetches the beginnings of values that are asked for next into the processor's cache, all at
   * once: one after the other each would wait for memory. 0 stands for none.
   */
  fetch(revisions: Float64Array, count: number): void {
    if (this.entries === 0) return;
    const words = this.#words;
    const buckets = this.#buckets;
    const links = this.#links;
    for (let index = 0; index < count; index++) {
      links[index] = buckets[this.#bucketOf(revisions[index] as number)] as number;
    }
    const last = words.length - 1;
    let seen = 0;
    for (let index = 0; index < count; index++) {
      const link = links[index] as number;
      if (link === 0) continue;
      const word = (link - 1) * (ALIGN_BYTES / 4);
      seen ^= (words[word] as number) ^ (words[Math.min(word + NEXT_LINE, last)] as number);
    }
    this.seen = seen;
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
    const words = this.#words;
    const word = at >>> 2;
    const bucket = this.#bucketOf(revision);
    words[word] = revision >>> 0;
    words[word + REVISION_HIGH] = Math.floor(revision / TWO_32);
    words[word + VALUE_BYTES] = bytes;
    words[word + NEXT] = this.#buckets[bucket] as number;
    this.#times[(at >>> 3) + UPDATED_AT] = updatedAt;
    this.#buckets[bucket] = at / ALIGN_BYTES + 1;
    this.entries += 1;
  }

  #bucketOf(revision: number): number {
    // Revisions count up: spread neighbours by a multiplicative hash.
    const mixed = Math.imul(revision ^ (revision / TWO_32), 0x9e37_79b1);
    return (mixed >>> 8) & (this.#buckets.length - 1);
  }

  #revisionAt(at: number): number {
    const word = at >>> 2;
    const high = (this.#words[word + REVISION_HIGH] as number) & ~ASKED_BIT;
    return high * TWO_32 + (this.#words[word] as number);
  }

  #locate(revision: number): number {
    const words = this.#words;
    const low = revision >>> 0;
    let link = this.#buckets[this.#bucketOf(revision)] as number;
    while (link !== 0) {
      const at = (link - 1) * ALIGN_BYTES;
      const word = at >>> 2;
      if (words[word] === low && this.#revisionAt(at) === revision) return at;
      link = words[word + NEXT] as number;
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
      const word = at >>> 2;
      const bytes = this.#words[word + VALUE_BYTES] as number;
      const asked = (this.#words[word + REVISION_HIGH] as number) >= ASKED_BIT;
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
    const updatedAt = this.#times[(from >>> 3) + UPDATED_AT] as number;
    const at = this.#freeAt(size);
    if (at < 0) return;
    this.#ring.copyWithin(at, from, from + size);
    this.#write(at, revision, updatedAt, bytes);
    this.#head = at + size;
  }

  #unlink(at: number): void {
    const bucket = this.#bucketOf(this.#revisionAt(at));
    const wanted = at / ALIGN_BYTES + 1;
    const words = this.#words;
    const after = words[(at >>> 2) + NEXT] as number;
    let link = this.#buckets[bucket] as number;
    if (link === wanted) {
      this.#buckets[bucket] = after;
      return;
    }
    while (link !== 0) {
      const linkWord = (link - 1) * (ALIGN_BYTES / 4);
      link = words[linkWord + NEXT] as number;
      if (link !== wanted) continue;
      words[linkWord + NEXT] = after;
      return;
    }
  }
}

function entrySize(bytes: number): number {
  return HEADER_BYTES + Math.ceil(bytes / ALIGN_BYTES) * ALIGN_BYTES;
}
