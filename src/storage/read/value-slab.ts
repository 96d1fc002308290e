/** Copies of the cached values of a page: many in one buffer, instead of a buffer for each. */

/** A value that is kept keeps this much alive at most, or what it takes itself. */
const SLAB_BYTES = 8 * 1024;

export class ValueSlab {
  #slab: Buffer = Buffer.alloc(0);
  #at = 0;
  /** What all values of the page that are still to come can take. */
  #left: number;

  constructor(bytesMax: number) {
    this.#left = bytesMax;
  }

  copyOf(source: Uint8Array, start: number, bytes: number): Buffer {
    if (this.#slab.length - this.#at < bytes) {
      this.#slab = Buffer.allocUnsafe(Math.max(bytes, Math.min(this.#left, SLAB_BYTES)));
      this.#at = 0;
    }
    const at = this.#at;
    Buffer.prototype.copy.call(source, this.#slab, at, start, start + bytes);
    this.#at = at + bytes;
    this.#left -= bytes;
    return this.#slab.subarray(at, this.#at);
  }
}
