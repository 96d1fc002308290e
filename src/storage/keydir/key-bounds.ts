/** Which keys a range takes in: `start`, `end` and `prefix` as one interval. */

import type { Bytes, DeleteRangeOptions, KeyRange } from '../../vocabulary/entry.ts';
import { checkDeleteRange } from '../../vocabulary/range-arguments.ts';
import { keyBytesOf } from '../key-and-value.ts';

export interface KeyBounds {
  /** Inclusive; undefined: from the first key. */
  readonly low: Uint8Array | undefined;
  /** Exclusive; undefined: to the last key. */
  readonly high: Uint8Array | undefined;
}

/** An empty bound is none. @throws CaskError BAD_REQUEST for anything but bytes or strings */
export function keyBounds(range: KeyRange): KeyBounds {
  const prefix = boundOf(range.prefix);
  return {
    low: later(boundOf(range.start), prefix),
    high: earlier(boundOf(range.end), prefix && afterPrefix(prefix)),
  };
}

/**
 * The bounds of what is to be deleted, in their own memory: everything only where that was said.
 * @throws CaskError INVALID_OPTION, BAD_REQUEST
 */
export function boundsToDelete(range: DeleteRangeOptions): KeyBounds {
  checkDeleteRange(range);
  return copyBounds(keyBounds(range));
}

/** Its own copy of the bounds, for work that outlives the caller's buffers. */
export function copyBounds({ low, high }: KeyBounds): KeyBounds {
  return { low: low && Uint8Array.from(low), high: high && Uint8Array.from(high) };
}

/** Nothing can lie within. */
export function isEmptyInterval({ low, high }: KeyBounds): boolean {
  return low !== undefined && high !== undefined && Buffer.compare(low, high) >= 0;
}

/** The bytes of a bound; undefined where none is given, or an empty one. */
export function boundOf(given: Bytes | undefined): Uint8Array | undefined {
  return given === undefined || given.length === 0 ? undefined : keyBytesOf(given);
}

function later(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Buffer.compare(a, b) >= 0 ? a : b;
}

/** The lesser of two upper bounds. */
export function earlier(
  a: Uint8Array | undefined,
  b: Uint8Array | undefined,
): Uint8Array | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return Buffer.compare(a, b) <= 0 ? a : b;
}

/** The first key behind all that begin with the prefix; undefined: there is none (0xff ...). */
function afterPrefix(prefix: Uint8Array): Uint8Array | undefined {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1;
  if (length === 0) return undefined;
  const bytes = Uint8Array.from(prefix.subarray(0, length));
  bytes[length - 1] = (bytes[length - 1] as number) + 1;
  return bytes;
}
