/** Copies of values of a page: many in one buffer, instead of a buffer for each. */

/** A value that is kept keeps this much alive at most, or what it takes itself. */
const SLAB_BYTES = 8 * 1024;

export class ValueSlab {
  /** What was copied last lies in `buffer` from `start` on. */
  buffer: Buffer = Buffer.alloc(0);
  start = 0;
  #at = 0;
  /** What all values of the page that are still to come can take. */
  #left: number;

  constructor(bytesMax: number) {
    this.#left = bytesMax;
  }

  copy(source: Uint8Array, start: number, bytes: number): void {
    if (this.buffer.length - this.#at < bytes) {
      this.buffer = Buffer.allocUnsafe(Math.max(bytes, Math.min(this.#left, SLAB_BYTES)));
      this.#at = 0;
    }
    this.start = this.#at;
    Buffer.prototype.copy.call(source, this.buffer, this.start, start, start + bytes);
    this.#at += bytes;
    this.#left -= bytes;
  }
}
