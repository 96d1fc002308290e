/** Keys and values as bytes. */

import { CaskError } from '../errors/cask-error.ts';
import type { Bytes } from '../vocabulary/entry.ts';

/** @throws CaskError BAD_REQUEST for anything but bytes or a string */
export function keyBytesOf(key: Bytes): Uint8Array {
  return bytesOf(key, 'a key');
}

/** @throws CaskError BAD_REQUEST for anything but bytes or a string */
export function valueBytesOf(value: Bytes): Uint8Array {
  return bytesOf(value, 'a value');
}

function bytesOf(given: unknown, what: string): Uint8Array {
  if (given instanceof Uint8Array) return given;
  if (typeof given === 'string') return Buffer.from(given, 'utf8');
  throw new CaskError('BAD_REQUEST', `${what} is a string or bytes, not ${typeof given}`);
}
