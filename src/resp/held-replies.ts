/** Replies that are ready and must wait for those before them, one behind the other. */

import type { ReplyTarget } from './reply-writer.ts';

const BYTES_KEPT_MAX = 64 * 1024;
const EMPTY = Buffer.alloc(0);

export class HeldReplies implements ReplyTarget {
  bytes: Buffer = EMPTY;
  at = 0;
  readonly #bytesMin: number;

  /** @param bytesMin what it takes at least, once there is something */
  constructor(bytesMin = 4096) {
    this.#bytesMin = bytesMin;
  }

  reserve(bytes: number): void {
    const needed = this.at + bytes;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2, this.#bytesMin));
    this.bytes.copy(grown, 0, 0, this.at);
    this.bytes = grown;
  }

  /** Nothing waits any more. */
  clear(): void {
    this.at = 0;
    if (this.bytes.length > BYTES_KEPT_MAX) this.bytes = EMPTY;
  }
}
