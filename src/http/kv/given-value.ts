/** Keys and values as clients give them in JSON: text, any JSON, or base64. */

import { CaskError } from '../../errors/cask-error.ts';
import { stringifyExactly } from '../exact-json.ts';

export interface GivenValue {
  readonly value?: unknown;
  readonly value_b64?: string;
}

export interface GivenKey {
  readonly key?: string;
  readonly key_b64?: string;
}

/** A value of JSON is kept as its JSON text: read as JSON, it is the same again. */
export function valueBytesOf(given: GivenValue): Buffer {
  const { value, value_b64: encoded } = given;
  if ((value === undefined) === (encoded === undefined)) {
    throw new CaskError('BAD_REQUEST', 'there is one of value and value_b64, and not both');
  }
  if (encoded !== undefined) return bytesOfBase64('value_b64', encoded);
  return Buffer.from(stringifyExactly(value), 'utf8');
}

export function keyBytesOf({ key, key_b64: encoded }: GivenKey): Buffer {
  if ((key === undefined) === (encoded === undefined)) {
    throw new CaskError('BAD_REQUEST', 'there is one of key and key_b64, and not both');
  }
  if (encoded !== undefined) return bytesOfBase64('key_b64', encoded);
  return Buffer.from(key as string, 'utf8');
}

/** Strict, where Buffer skips what it does not know. */
export function bytesOfBase64(field: string, text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url');
  const plain = text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  if (bytes.toString('base64url') === plain) return bytes;
  throw new CaskError('BAD_REQUEST', `${field} is not base64`, { details: { field } });
}
