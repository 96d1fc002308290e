/**
 * Atomic read-modify-write: what a caller of `Session.modify` brings, and what it may decide.
 *
 * The engine hands the newest sequenced state of the key to `apply`, exactly once, and carries
 * out what it decides before anyone else's write of the key can come in between. The modifier is
 * handed back with the answer, so that whoever made it can encode what it computed.
 */

import { TTL_KEEP, TTL_NONE } from '../vocabulary/write-arguments.ts';
import type { EntryView } from './reply-sink.ts';

export interface Modifier {
  /**
   * False: it looks at revision, version and times only. The value is then not read, and
   * `buffer`, `valueBytes` and `updatedAt` of what `apply` is given say nothing.
   */
  readonly needsValue: boolean;
  /**
   * Decides what becomes of the key; deciding nothing leaves it as it is. Runs within the engine:
   * it must be quick and must not call the store. `current` is valid during the call only.
   *
   * @param current undefined: there is no such key
   * @throws CaskError becomes the answer, and nothing is changed
   */
  apply(current: EntryView | undefined, decision: Decision): void;
}

export const CHANGE_NONE = 0;
export const CHANGE_PUT = 1;
export const CHANGE_DELETE = 2;
export const CHANGE_TOUCH = 3;

const NO_BYTES = new Uint8Array(0);

/** What a modifier decided. One object is used again and again. */
export class Decision {
  /** What the engine's clock says, ms since 1970. */
  now = 0;
  change: number = CHANGE_NONE;
  valueBuffer: Uint8Array = NO_BYTES;
  valueStart = 0;
  valueBytes = 0;
  ttlMs: number = TTL_NONE;

  /**
   * Puts a value, which is copied when `apply` returns; it may lie in `current.buffer`.
   * @param ttlMs TTL_NONE, TTL_KEEP, milliseconds from now, or `expiringAt(ms since 1970)`
   */
  put(buffer: Uint8Array, start: number, bytes: number, ttlMs: number = TTL_KEEP): void {
    this.change = CHANGE_PUT;
    this.valueBuffer = buffer;
    this.valueStart = start;
    this.valueBytes = bytes;
    this.ttlMs = ttlMs;
  }

  /** Of a key that is absent: nothing. */
  delete(): void {
    this.change = CHANGE_DELETE;
  }

  /**
   * Gives the key, which must exist, another expiry: its revision and `updatedAt` change, value
   * and version stay.
   * @param ttlMs as in `put`
   */
  touch(ttlMs: number): void {
    this.change = CHANGE_TOUCH;
    this.ttlMs = ttlMs;
  }

  /** For the engine. */
  reset(): void {
    this.change = CHANGE_NONE;
    this.valueBuffer = NO_BYTES;
  }
}
