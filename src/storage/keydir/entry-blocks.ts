/**
 * The layout of entries in memory, and access to their fields and keys by reference.
 *
 * Entries lie in off-heap chunks. A reference is the index of a 4-byte granule (0: none), which
 * reaches 16 GiB. An entry:
 *
 * | word | bits                                            |
 * |------|-------------------------------------------------|
 * | 0    | offset of the record in its segment             |
 * | 1    | dead 1, hasExpiry 1, recordBytes 30             |
 * | 2    | segmentSlot 16, keyLength 16                    |
 * | 3    | sequence, low 32                                |
 * | 4    | sequence, high 21; createdAt, high 11           |
 * | 5    | createdAt, low 32 (ms since 1970)               |
 * | 6    | version                                         |
 * | 7 .. | the key, padded to 4 bytes                      |
 *
 * A free block has keyLength 0 (no key is empty); `entry-arena.ts` says what its words hold.
 * References are not checked: one that was freed gives nonsense.
 */

export const GRANULE_BYTES = 4;
/** Small enough that emptying one is quick, large enough that the table of chunks stays small. */
export const CHUNK_BYTES = 4 * 1024 * 1024;
export const CHUNK_GRANULES = CHUNK_BYTES / GRANULE_BYTES;
export const CHUNK_SHIFT = Math.log2(CHUNK_GRANULES);
export const CHUNK_MASK = CHUNK_GRANULES - 1;
/** All that 32-bit references can address. */
export const CHUNKS_MAX = 2 ** (32 - CHUNK_SHIFT);

export const HEADER_GRANULES = 7;
/** From the beginning of an entry to the end of a key of 20 bytes. */
const GLANCE_GRANULES = HEADER_GRANULES + 20 / GRANULE_BYTES - 1;
export const KEY_LENGTH_MAX = 0xffff;
/** Exclusive bound of `recordBytes`: 30 bits. */
export const RECORD_BYTES_LIMIT = 2 ** 30;

const OFFSET = 0;
export const RECORD_BYTES = 1;
export const SLOT_AND_LENGTH = 2;
const SEQUENCE_LOW = 3;
const SEQUENCE_AND_CREATED_HIGH = 4;
const CREATED_LOW = 5;
const VERSION = 6;

const DEAD = 0x8000_0000;
const HAS_EXPIRY = 0x4000_0000;
const FLAGS = 0xc000_0000;
const CREATED_HIGH_BITS = 11;
const CREATED_HIGH_MASK = (1 << CREATED_HIGH_BITS) - 1;
const TWO_32 = 2 ** 32;

/** The granules of an entry with a key of this length. */
export function granulesFor(keyLength: number): number {
  return HEADER_GRANULES + ((keyLength + 3) >>> 2);
}

export class EntryBlocks {
  /** The chunks, seen as words and as bytes; an empty array stands for a released chunk. */
  protected readonly words: Uint32Array[] = [];
  protected readonly bytes: Uint8Array[] = [];
  /** And for wide loads and stores at any byte. */
  protected readonly views: DataView[] = [];

  protected word(ref: number, word: number): number {
    return (this.words[ref >>> CHUNK_SHIFT] as Uint32Array)[(ref & CHUNK_MASK) + word] as number;
  }

  protected setWord(ref: number, word: number, value: number): void {
    (this.words[ref >>> CHUNK_SHIFT] as Uint32Array)[(ref & CHUNK_MASK) + word] = value;
  }

  /** Reads something of each line of the processor's cache that a short entry lies in. */
  glance(ref: number): number {
    const words = this.words[ref >>> CHUNK_SHIFT] as Uint32Array;
    const at = ref & CHUNK_MASK;
    const end = Math.min(at + GLANCE_GRANULES, CHUNK_MASK);
    return (words[at] as number) ^ (words[end] as number);
  }

  keyLength(ref: number): number {
    return this.word(ref, SLOT_AND_LENGTH) & 0xffff;
  }

  segmentSlot(ref: number): number {
    return this.word(ref, SLOT_AND_LENGTH) >>> 16;
  }

  /** Of the record in its segment, bytes. */
  offset(ref: number): number {
    return this.word(ref, OFFSET);
  }

  recordBytes(ref: number): number {
    return this.word(ref, RECORD_BYTES) & ~FLAGS;
  }

  sequence(ref: number): number {
    const high = this.word(ref, SEQUENCE_AND_CREATED_HIGH) >>> CREATED_HIGH_BITS;
    return high * TWO_32 + this.word(ref, SEQUENCE_LOW);
  }

  /** Reads both ends of an entry whose key has that length, so that all of it is near. */
  ends(ref: number, keyLength: number): number {
    const words = this.words[ref >>> CHUNK_SHIFT] as Uint32Array;
    const at = ref & CHUNK_MASK;
    const last = Math.min(at + granulesFor(keyLength), words.length) - 1;
    return (words[at] as number) ^ (words[last] as number);
  }

  /** Ms since 1970. */
  createdAt(ref: number): number {
    const high = this.word(ref, SEQUENCE_AND_CREATED_HIGH) & CREATED_HIGH_MASK;
    return high * TWO_32 + this.word(ref, CREATED_LOW);
  }

  version(ref: number): number {
    return this.word(ref, VERSION);
  }

  hasExpiry(ref: number): boolean {
    return (this.word(ref, RECORD_BYTES) & HAS_EXPIRY) !== 0;
  }

  /** A tombstone while loading, or an entry removed while the index is being built. */
  isDead(ref: number): boolean {
    return (this.word(ref, RECORD_BYTES) & DEAD) !== 0;
  }

  /** It expires, or was touched, or is dead. */
  isSpecial(ref: number): boolean {
    return (this.word(ref, RECORD_BYTES) & FLAGS) !== 0;
  }

  /** `segmentSlot` 16 bits, `offset` 32 bits, `recordBytes` 30 bits; the flags stay. */
  setLocation(ref: number, segmentSlot: number, offset: number, recordBytes: number): void {
    const words = this.words[ref >>> CHUNK_SHIFT] as Uint32Array;
    const at = ref & CHUNK_MASK;
    words[at + OFFSET] = offset;
    words[at + RECORD_BYTES] = ((words[at + RECORD_BYTES] as number) & FLAGS) | recordBytes;
    words[at + SLOT_AND_LENGTH] =
      (segmentSlot << 16) | ((words[at + SLOT_AND_LENGTH] as number) & 0xffff);
  }

  /** `sequence` 53 bits, `version` 32 bits, `createdAt` 43 bits. */
  setMeta(ref: number, sequence: number, version: number, createdAt: number): void {
    const words = this.words[ref >>> CHUNK_SHIFT] as Uint32Array;
    const at = ref & CHUNK_MASK;
    const sequenceHigh = Math.floor(sequence / TWO_32);
    const createdHigh = Math.floor(createdAt / TWO_32) & CREATED_HIGH_MASK;
    // of what is stored a word keeps the low 32 bits
    words[at + SEQUENCE_LOW] = sequence;
    words[at + SEQUENCE_AND_CREATED_HIGH] = (sequenceHigh << CREATED_HIGH_BITS) | createdHigh;
    words[at + CREATED_LOW] = createdAt;
    words[at + VERSION] = version;
  }

  setHasExpiry(ref: number, hasExpiry: boolean): void {
    const word = this.word(ref, RECORD_BYTES);
    this.setWord(ref, RECORD_BYTES, hasExpiry ? word | HAS_EXPIRY : word & ~HAS_EXPIRY);
  }

  setDead(ref: number, dead: boolean): void {
    const word = this.word(ref, RECORD_BYTES);
    this.setWord(ref, RECORD_BYTES, dead ? word | DEAD : word & ~DEAD);
  }

  /** The array that holds the key, from `keyStart(ref)` on. Valid until the entry is freed. */
  keyBuffer(ref: number): Uint8Array {
    return this.bytes[ref >>> CHUNK_SHIFT] as Uint8Array;
  }

  keyStart(ref: number): number {
    return ((ref & CHUNK_MASK) + HEADER_GRANULES) * GRANULE_BYTES;
  }

  /** Whether the key equals `buffer[start, start + length)`. */
  matches(ref: number, buffer: Uint8Array, start: number, length: number): boolean {
    if (this.keyLength(ref) !== length) return false;
    const bytes = this.bytes[ref >>> CHUNK_SHIFT] as Uint8Array;
    const keyAt = this.keyStart(ref);
    for (let i = 0; i < length; i++) {
      if (bytes[keyAt + i] !== buffer[start + i]) return false;
    }
    return true;
  }

  /** Whether the keys of two entries are equal. */
  haveSameKey(left: number, right: number): boolean {
    const length = this.keyLength(right);
    return this.matches(left, this.keyBuffer(right), this.keyStart(right), length);
  }

  /**
   * The key compared with `buffer[start, start + length)` as unsigned bytes, a prefix being
   * less: below 0, 0, above 0. The first `skip` bytes are known to be equal.
   */
  compare(ref: number, skip: number, buffer: Uint8Array, start: number, length: number): number {
    const bytes = this.bytes[ref >>> CHUNK_SHIFT] as Uint8Array;
    const keyAt = this.keyStart(ref);
    const keyLength = this.keyLength(ref);
    const shared = keyLength < length ? keyLength : length;
    for (let i = skip; i < shared; i++) {
      const difference = (bytes[keyAt + i] as number) - (buffer[start + i] as number);
      if (difference !== 0) return difference;
    }
    return keyLength - length;
  }

  /** How many bytes, at most `limit`, the keys of two entries share at their start. */
  commonPrefix(left: number, right: number, limit: number): number {
    const leftBytes = this.keyBuffer(left);
    const rightBytes = this.keyBuffer(right);
    const leftAt = this.keyStart(left);
    const rightAt = this.keyStart(right);
    const shared = Math.min(this.keyLength(left), this.keyLength(right), limit);
    let i = 0;
    while (i < shared && leftBytes[leftAt + i] === rightBytes[rightAt + i]) i++;
    return i;
  }

  /** Bytes `at` and `at + 1` of the key as a big-endian number; bytes past its end are 0. */
  head(ref: number, at: number): number {
    const bytes = this.bytes[ref >>> CHUNK_SHIFT] as Uint8Array;
    const keyAt = this.keyStart(ref) + at;
    const left = this.keyLength(ref) - at;
    if (left >= 2) return ((bytes[keyAt] as number) << 8) | (bytes[keyAt + 1] as number);
    return left === 1 ? (bytes[keyAt] as number) << 8 : 0;
  }

  /** Bytes `at` to `at + 3` of the key as an unsigned big-endian number; bytes past its end are 0. */
  wideHead(ref: number, at: number): number {
    const bytes = this.bytes[ref >>> CHUNK_SHIFT] as Uint8Array;
    const keyAt = this.keyStart(ref) + at;
    if (this.keyLength(ref) - at < 4) {
      return ((this.head(ref, at) << 16) | this.head(ref, at + 2)) >>> 0;
    }
    const high = ((bytes[keyAt] as number) << 8) | (bytes[keyAt + 1] as number);
    const low = ((bytes[keyAt + 2] as number) << 8) | (bytes[keyAt + 3] as number);
    return ((high << 16) | low) >>> 0;
  }

  /**
   * Takes bytes `at` to `at + 7` of the key into heads[place] and lowHeads[place], as `wideHead`
   * gives them. False, with nothing taken: the entry is dead.
   */
  takeHeads(
    ref: number,
    at: number,
    heads: Uint32Array,
    lowHeads: Uint32Array,
    place: number,
  ): boolean {
    const chunk = ref >>> CHUNK_SHIFT;
    const words = this.words[chunk] as Uint32Array;
    const base = ref & CHUNK_MASK;
    if (((words[base + RECORD_BYTES] as number) & DEAD) !== 0) return false;
    if (((words[base + SLOT_AND_LENGTH] as number) & 0xffff) - at < 8) {
      heads[place] = this.wideHead(ref, at);
      lowHeads[place] = this.wideHead(ref, at + 4);
      return true;
    }
    const view = this.views[chunk] as DataView;
    const keyAt = (base + HEADER_GRANULES) * GRANULE_BYTES + at;
    heads[place] = view.getUint32(keyAt);
    lowHeads[place] = view.getUint32(keyAt + 4);
    return true;
  }

  /** Copies the key to `target` from `at` on; returns its length. */
  copyKey(ref: number, target: Uint8Array, at: number): number {
    const bytes = this.bytes[ref >>> CHUNK_SHIFT] as Uint8Array;
    const keyAt = this.keyStart(ref);
    const length = this.keyLength(ref);
    for (let i = 0; i < length; i++) target[at + i] = bytes[keyAt + i] as number;
    return length;
  }
}
