/**
 * Allocation of entries: bump allocation in chunks, and free lists by exact size.
 *
 * A free block holds in its words: 0 the next and 1 the previous block of its list (0: none;
 * itself as previous: it is on no list), 2 a keyLength of 0, 3 its size in granules. Blocks are
 * never split or joined, so a chunk can always be walked from its start. What exact sizes cannot
 * reuse is won back by `arena-compactor.ts`, which moves entries: a reference may change
 * between turns of the event loop, never within a call.
 */

import { assert } from '../../errors/cask-error.ts';
import {
  CHUNK_BYTES,
  CHUNK_GRANULES,
  CHUNK_MASK,
  CHUNK_SHIFT,
  CHUNKS_MAX,
  EntryBlocks,
  GRANULE_BYTES,
  granulesFor,
  HEADER_GRANULES,
  KEY_LENGTH_MAX,
  RECORD_BYTES,
  SLOT_AND_LENGTH,
} from './entry-blocks.ts';

const FREE_NEXT = 0;
const FREE_PREVIOUS = 1;
const FREE_GRANULES = 3;

/** The largest block; as much may stay unused at the end of a chunk. */
export const BLOCK_BYTES_MAX = granulesFor(KEY_LENGTH_MAX) * GRANULE_BYTES;

const NO_WORDS = new Uint32Array(0);
const NO_BYTES = new Uint8Array(0);
const NO_VIEW = new DataView(NO_BYTES.buffer);

/** Granule 0 of chunk 0 is never handed out: reference 0 means none. */
function firstGranule(chunk: number): number {
  return chunk === 0 ? 1 : 0;
}

export class EntryArena extends EntryBlocks {
  /** Granules cut from the start of each chunk, blocks freed since included. */
  readonly #top: number[] = [];
  /** Granules in free blocks of each chunk. */
  readonly #free: number[] = [];
  readonly #releasedChunks: number[] = [];
  /** The first free block of each size in granules. */
  readonly #freeHeads = new Uint32Array(granulesFor(KEY_LENGTH_MAX) + 1);
  /** One emptied chunk is kept for the next that is needed. */
  #spare: SharedArrayBuffer | undefined;
  /** The chunk that new blocks are cut from; -1: none. */
  #bumpChunk = -1;
  #evacuating = -1;
  #usedGranules = 0;
  #freeGranules = 0;

  /** Bytes of memory touched: all blocks ever cut from present chunks, and the spare chunk. */
  get bytesUsed(): number {
    const spare = this.#spare === undefined ? 0 : CHUNK_BYTES;
    return this.bytesInBlocks + spare + this.#freeHeads.byteLength;
  }

  /** Bytes of all blocks, live and free. */
  get bytesInBlocks(): number {
    return this.#usedGranules * GRANULE_BYTES;
  }

  /** Bytes of free blocks. */
  get bytesFree(): number {
    return this.#freeGranules * GRANULE_BYTES;
  }

  /** Chunks that could still be opened. */
  get chunksLeft(): number {
    return CHUNKS_MAX - this.words.length + this.#releasedChunks.length;
  }

  /** Whether a key of this length would go to a block that was freed. O(1). */
  hasFreeBlock(keyLength: number): boolean {
    return this.#freeHeads[granulesFor(keyLength)] !== 0;
  }

  /** A live entry with this key and without expiry; its other fields are undefined. 0: no room. */
  allocate(buffer: Uint8Array, start: number, length: number): number {
    const ref = this.#take(length);
    if (ref === 0) return 0;
    const bytes = this.bytes[ref >>> CHUNK_SHIFT] as Uint8Array;
    const keyAt = this.keyStart(ref);
    for (let i = 0; i < length; i++) bytes[keyAt + i] = buffer[start + i] as number;
    return ref;
  }

  /** The same by wide loads and stores, for who has a view of all of the buffer. */
  allocateOfView(view: DataView, start: number, length: number): number {
    const ref = this.#take(length);
    if (ref === 0) return 0;
    const target = this.views[ref >>> CHUNK_SHIFT] as DataView;
    const keyAt = this.keyStart(ref);
    let i = 0;
    for (; i + 4 <= length; i += 4) target.setInt32(keyAt + i, view.getInt32(start + i));
    for (; i < length; i++) target.setUint8(keyAt + i, view.getUint8(start + i));
    return ref;
  }

  /** A block for a live entry with a key of this length, which is still to be copied there. */
  #take(length: number): number {
    assert(length >= 1 && length <= KEY_LENGTH_MAX, 'key length');
    const granules = granulesFor(length);
    let ref = this.#freeHeads[granules] as number;
    if (ref !== 0) {
      this.#unlink(ref, granules);
      this.#addFree(ref >>> CHUNK_SHIFT, -granules);
    } else {
      ref = this.#cut(granules);
      if (ref === 0) return 0;
    }
    const chunk = ref >>> CHUNK_SHIFT;
    const at = ref & CHUNK_MASK;
    const words = this.words[chunk] as Uint32Array;
    words[at + RECORD_BYTES] = 0;
    words[at + SLOT_AND_LENGTH] = length;
    return ref;
  }

  /** Gives the entry's block back; it may be handed out again at once. */
  free(ref: number): void {
    const length = this.keyLength(ref);
    assert(length !== 0, 'an entry is freed once');
    const granules = granulesFor(length);
    const chunk = ref >>> CHUNK_SHIFT;
    this.#addFree(chunk, granules);
    this.setWord(ref, SLOT_AND_LENGTH, 0);
    this.setWord(ref, FREE_GRANULES, granules);
    if (chunk === this.#evacuating) {
      this.setWord(ref, FREE_PREVIOUS, ref);
      return;
    }
    const next = this.#freeHeads[granules] as number;
    this.setWord(ref, FREE_NEXT, next);
    this.setWord(ref, FREE_PREVIOUS, 0);
    if (next !== 0) this.setWord(next, FREE_PREVIOUS, ref);
    this.#freeHeads[granules] = ref;
  }

  #unlink(ref: number, granules: number): void {
    const next = this.word(ref, FREE_NEXT);
    const previous = this.word(ref, FREE_PREVIOUS);
    if (previous === 0) this.#freeHeads[granules] = next;
    else this.setWord(previous, FREE_NEXT, next);
    if (next !== 0) this.setWord(next, FREE_PREVIOUS, previous);
  }

  #addFree(chunk: number, granules: number): void {
    this.#free[chunk] = (this.#free[chunk] as number) + granules;
    this.#freeGranules += granules;
  }

  #cut(granules: number): number {
    let chunk = this.#bumpChunk;
    if (chunk < 0 || (this.#top[chunk] as number) + granules > CHUNK_GRANULES) {
      chunk = this.#openChunk();
      if (chunk < 0) return 0;
      this.#bumpChunk = chunk;
    }
    const at = this.#top[chunk] as number;
    this.#top[chunk] = at + granules;
    this.#usedGranules += granules;
    return ((chunk << CHUNK_SHIFT) | at) >>> 0;
  }

  #openChunk(): number {
    if (this.chunksLeft === 0) return -1;
    const chunk = this.#releasedChunks.pop() ?? this.words.length;
    const buffer = this.#spare ?? new SharedArrayBuffer(CHUNK_BYTES);
    this.#spare = undefined;
    this.words[chunk] = new Uint32Array(buffer);
    this.bytes[chunk] = new Uint8Array(buffer);
    this.views[chunk] = new DataView(buffer);
    this.#top[chunk] = firstGranule(chunk);
    this.#free[chunk] = 0;
    return chunk;
  }

  // What the compactor needs.

  /**
   * Chooses the chunk with most free bytes and begins its evacuation: blocks freed in it join
   * no list from now on. The chunk that new blocks are cut from comes last, and is then closed.
   * -1: no chunk has free bytes.
   */
  evacuationBegin(): number {
    let best = -1;
    let bestFree = 0;
    for (let chunk = 0; chunk < this.#free.length; chunk++) {
      const free = this.#free[chunk] as number;
      if (free > bestFree && chunk !== this.#bumpChunk) {
        best = chunk;
        bestFree = free;
      }
    }
    if (best < 0 && this.#bumpChunk >= 0 && (this.#free[this.#bumpChunk] as number) > 0) {
      best = this.#bumpChunk;
      this.#bumpChunk = -1;
    }
    this.#evacuating = best;
    return best;
  }

  /** The first block of a chunk; there is one in each open chunk. */
  firstBlock(chunk: number): number {
    return ((chunk << CHUNK_SHIFT) | firstGranule(chunk)) >>> 0;
  }

  /** The block after `ref` in its chunk; 0: `ref` is the last. */
  nextBlock(ref: number): number {
    const length = this.keyLength(ref);
    const granules = length === 0 ? this.word(ref, FREE_GRANULES) : granulesFor(length);
    const next = (ref & CHUNK_MASK) + granules;
    return next >= (this.#top[ref >>> CHUNK_SHIFT] as number) ? 0 : ref + granules;
  }

  isFree(ref: number): boolean {
    return this.keyLength(ref) === 0;
  }

  /** Takes a free block off its list for good; it still counts as free. */
  detachFree(ref: number): void {
    if (this.word(ref, FREE_PREVIOUS) === ref) return;
    this.#unlink(ref, this.word(ref, FREE_GRANULES));
    this.setWord(ref, FREE_PREVIOUS, ref);
  }

  /** A copy of the entry in another block; the original stays. 0: no room. */
  copyEntry(ref: number): number {
    const copy = this.allocate(this.keyBuffer(ref), this.keyStart(ref), this.keyLength(ref));
    if (copy === 0) return 0;
    for (let word = 0; word < HEADER_GRANULES; word++) {
      this.setWord(copy, word, this.word(ref, word));
    }
    return copy;
  }

  /** Ends the evacuation and lets the chunk go. No live entry and no listed block is in it. */
  evacuationEnd(): void {
    const chunk = this.#evacuating;
    const used = (this.#top[chunk] as number) - firstGranule(chunk);
    assert(this.#free[chunk] === used, 'an evacuated chunk holds no entry');
    this.#usedGranules -= used;
    this.#freeGranules -= used;
    this.#spare ??= (this.words[chunk] as Uint32Array).buffer as SharedArrayBuffer;
    this.words[chunk] = NO_WORDS;
    this.bytes[chunk] = NO_BYTES;
    this.views[chunk] = NO_VIEW;
    this.#top[chunk] = 0;
    this.#free[chunk] = 0;
    this.#releasedChunks.push(chunk);
    this.#evacuating = -1;
  }
}
