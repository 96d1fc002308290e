/**
 * Which values pages have read lately. One walk over everything must not push out of the cache what
 * is asked for again and again: what a page that goes on behind another reads from the disk is put
 * there only when such a page has read it before, and not long ago.
 *
 * A table of fingerprints, two to a word, of which a third pushes out the older: as many as the
 * cache has buckets. The rule is that of a doorkeeper in TinyLFU (Einziger, Friedman and Manes,
 * "TinyLFU: A Highly Efficient Cache Admission Policy", 2017, section 3.4.2).
 */

import type { ValueCache } from './value-cache.ts';

const TWO_32 = 0x1_0000_0000;
const FINGERPRINT_MASK = 0xffff;
/** Bytes of the cache for each word. */
const CACHE_BYTES_PER_WORD = 512;

export class PageSightings {
  readonly #cache: Pick<ValueCache, 'bytesMax'>;
  #ofCacheBytes = 0;
  #words = new Uint32Array(1);
  #shift = 31;

  constructor(cache: Pick<ValueCache, 'bytesMax'>) {
    this.#cache = cache;
  }

  /** Whether a page has read the value of that revision lately; from now on one has. */
  note(revision: number): boolean {
    if (this.#cache.bytesMax !== this.#ofCacheBytes) this.#resize();
    const words = this.#words;
    const mixed = Math.imul(revision ^ (revision / TWO_32), 0x9e37_79b1) >>> 0;
    // an empty place holds 0
    const fingerprint = mixed & FINGERPRINT_MASK || 1;
    const at = mixed >>> this.#shift;
    const word = words[at] as number;
    if ((word & FINGERPRINT_MASK) === fingerprint || word >>> 16 === fingerprint) return true;
    words[at] = (word << 16) | fingerprint;
    return false;
  }

  #resize(): void {
    this.#ofCacheBytes = this.#cache.bytesMax;
    const bits = Math.max(1, Math.ceil(Math.log2(this.#ofCacheBytes / CACHE_BYTES_PER_WORD)));
    this.#words = new Uint32Array(2 ** bits);
    this.#shift = 32 - bits;
  }
}
