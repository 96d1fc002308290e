/** Keys and values out of a message's buffer, as the caller gets them. */

import type { CaskError } from '../errors/cask-error.ts';
import { type DecodedEntry, SMALL_MESSAGE_BYTES } from '../protocol/reply-reader.ts';
import type { DamagedEntry, Encoding, Entry, KeyEntry, Output } from './entry.ts';

/**
 * Bytes that nobody else writes to. A small value that is kept does not keep more than a small
 * message alive; a big one that fills its message shares the message's buffer. Nothing shares the
 * buffer that a socket is read into, which is no smaller than SMALL_MESSAGE_BYTES and holds nothing
 * bigger.
 */
export function bufferOf(source: Buffer, start: number, length: number): Buffer {
  const { byteLength } = source.buffer;
  const isBig = length >= SMALL_MESSAGE_BYTES && length * 2 >= byteLength;
  if (isBig || byteLength < SMALL_MESSAGE_BYTES) return source.subarray(start, start + length);
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
  if (encoding === 'utf8') return textOf(slice, skip, length) as Output<E>;
  const isKept = skip === 0 && slice.buffer.byteLength < SMALL_MESSAGE_BYTES;
  return (isKept ? slice : bufferOf(slice, skip, length)) as Output<E>;
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
  const isAsDecoded = key === decoded.key && output === value;
  if (isAsDecoded) return decoded as Entry<Buffer> as Entry<Output<E>>;
  return { key, value: output, revision, version, createdAt, updatedAt, expiresAt };
}
