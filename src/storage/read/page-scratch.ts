/** Where the values of a page lie that is handed over at once; the next page overwrites them. */

import { copyBytes } from '../format/byte-ranges.ts';

const BYTES_FIRST = 64 * 1024;
const BYTES_MAX = 1280 * 1024;

export class PageScratch {
  buffer: Buffer = Buffer.alloc(0);
  /** How much of it is in use. */
  at = 0;

  clear(): void {
    this.at = 0;
  }

  /** @returns where so many bytes begin that are the caller's; -1: there is no room */
  take(bytes: number): number {
    const start = this.at;
    const end = start + bytes;
    if (end > BYTES_MAX) return -1;
    if (end > this.buffer.length) this.#grow(end);
    this.at = end;
    return start;
  }

  #grow(bytes: number): void {
    const wanted = Math.max(bytes, this.buffer.length * 2, BYTES_FIRST);
    const larger = Buffer.allocUnsafeSlow(Math.min(wanted, BYTES_MAX));
    copyBytes(larger, 0, this.buffer, 0, this.at);
    this.buffer = larger;
  }
}
