/**
 * Cursors of SCAN: decimal numbers, as clients want them, for the last key that was given. Keys go
 * in their order, so a key that is there throughout is given exactly once, whatever is written
 * meanwhile. Those used least recently are forgotten when there are many.
 */

import { randomInt } from 'node:crypto';

const CURSORS_MAX = 10_000;
const BYTES_MAX = 16 * 1024 * 1024;
/** Numbers of an earlier run of the server are most likely none of this one. */
const FIRST_MAX = 2 ** 47;

export class ScanCursors {
  /** The oldest first. */
  readonly #keys = new Map<number, Buffer>();
  #bytes = 0;
  #last = randomInt(FIRST_MAX);

  /** A cursor that goes on behind the key. */
  after(key: Buffer): number {
    this.#last += 1;
    this.#keys.set(this.#last, Buffer.from(key));
    this.#bytes += key.length;
    for (const [cursor, kept] of this.#keys) {
      if (this.#keys.size <= CURSORS_MAX && this.#bytes <= BYTES_MAX) break;
      this.#keys.delete(cursor);
      this.#bytes -= kept.length;
    }
    return this.#last;
  }

  /** The key behind which to go on; undefined: there is no such cursor. */
  find(cursor: number): Buffer | undefined {
    const key = this.#keys.get(cursor);
    if (key === undefined) return undefined;
    this.#keys.delete(cursor);
    this.#keys.set(cursor, key);
    return key;
  }
}
