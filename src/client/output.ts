/** Keys and values out of a message's buffer, as the caller gets them. */

import type { CaskError } from '../errors/cask-error.ts';
import type { DecodedEntry } from '../protocol/reply-reader.ts';
import type { DamagedEntry, Encoding, Entry, KeyEntry, Output } from './entry.ts';

/** From this size on, bytes that fill most of their buffer are worth sharing it. */
const SHARE_BYTES_MIN = 4096;

/**
 * Bytes of their own, so that a small value which is kept does not keep a whole chunk of the
 * socket alive. A big value that fills its message shares the message's buffer.
 */
export function bufferOf(source: Buffer, start: number, length: number): Buffer {
  if (length >= SHARE_BYTES_MIN && length * 2 >= source.buffer.byteLength) {
    return source.subarray(start, start + length);
  }
  const own = Buffer.allocUnsafe(length);
  source.copy(own, 0, start, start + length);
  return own;
}

export function textOf(source: Buffer, start: number, length: number): string {
  return source.toString('utf8', start, start + length);
}

/** A slice as Buffer or string, without its first bytes. */
export function outputOf<E extends Encoding>(slice: Buffer, encoding: E, skip = 0): Output<E> {
  const length = slice.length - skip;
  const output = encoding === 'utf8' ? textOf(slice, skip, length) : bufferOf(slice, skip, length);
  return output as Output<E>;
}

/** Anything that a page or GET_MANY holds. */
export type AnyEntry<V> = Entry<V> | KeyEntry<V> | DamagedEntry<V>;

/** @param key as the caller sees it */
export function entryOf<E extends Encoding>(
  decoded: DecodedEntry,
  key: Output<E>,
  encoding: E,
): AnyEntry<Output<E>> {
  const { value, revision, version, createdAt, updatedAt, expiresAt, valueBytes } = decoded;
  const error: CaskError | undefined = decoded.error;
  if (error !== undefined) return { key, revision, version, createdAt, expiresAt, error };
  if (value === undefined) {
    const entry = { key, revision, version, createdAt, expiresAt };
    return valueBytes === undefined ? entry : { ...entry, valueBytes };
  }
  const output = outputOf(value, encoding);
  return { key, value: output, revision, version, createdAt, updatedAt, expiresAt };
}
