/**
 * The keys of requests that lie behind each other in a chunk, found ahead of handling them, so that
 * what they need is brought near together. What is found is a hint and nothing else: how requests
 * look is the matter of the protocol, which may overlook what is rare.
 */

import { FETCH_MAX } from '../storage/session.ts';

/** Longer keys are not looked at. */
const KEY_BYTES_MAX = 1024;

export abstract class KeysAhead {
  readonly starts = new Uint32Array(FETCH_MAX);
  readonly lengths = new Uint32Array(FETCH_MAX);
  count = 0;

  /** Finds the keys of the request at `from` and of those behind it, as far as it can. */
  find(buffer: Uint8Array, from: number): void {
    this.count = 0;
    let at = from;
    while (this.count < FETCH_MAX && at >= 0) at = this.skipRequest(buffer, at);
  }

  /** Adds the key of the request at `from`. @returns where the next begins; below 0: unknown */
  protected abstract skipRequest(buffer: Uint8Array, from: number): number;

  /** @param end of what is there @returns false: it is no key that is looked at */
  protected add(start: number, bytes: number, end: number): boolean {
    if (bytes === 0 || bytes > KEY_BYTES_MAX || start + bytes > end) return false;
    this.starts[this.count] = start;
    this.lengths[this.count] = bytes;
    this.count += 1;
    return true;
  }
}
