/** Buffers for reads, used again and again as far as records are small. */

/** What most records fit into. */
const SPARE_BYTES = 4096;
/** As many as reads are in flight by default; more make theirs anew. */
const SPARES_MAX = 32;

export class SpareBuffers {
  readonly #spares: Buffer[] = [];

  /** Of at least that many bytes, with anything in them. */
  take(bytes: number): Buffer {
    if (bytes > SPARE_BYTES) return Buffer.allocUnsafe(bytes);
    return this.#spares.pop() ?? Buffer.allocUnsafeSlow(SPARE_BYTES);
  }

  /** Nobody looks into it any more. */
  give(buffer: Buffer): void {
    if (buffer.length === SPARE_BYTES && this.#spares.length < SPARES_MAX) {
      this.#spares.push(buffer);
    }
  }
}
