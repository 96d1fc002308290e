/** Keys and values as clients give them in JSON: text, any JSON, or base64. */

import { CaskError } from '../../errors/cask-error.ts';
import { HttpError } from '../http-error.ts';
import type { JsonText } from '../json/sliced-json.ts';

export interface GivenValue {
  readonly value?: JsonText;
  readonly value_b64?: string;
}

export interface GivenKey {
  readonly key?: string;
  readonly key_b64?: string;
}

const UNPROCESSABLE = 422;

/** A value of JSON is kept as its JSON text: read as JSON, it is the same again. */
export function valueBytesOf(given: GivenValue): Buffer {
  const { value, value_b64: encoded } = given;
  if ((value === undefined) === (encoded === undefined)) {
    throw unprocessable('there is one of value and value_b64, and not both');
  }
  return encoded === undefined ? (value as JsonText).bytes : givenBytes('value_b64', encoded);
}

export function keyBytesOf({ key, key_b64: encoded }: GivenKey): Buffer {
  if ((key === undefined) === (encoded === undefined)) {
    throw unprocessable('there is one of key and key_b64, and not both');
  }
  return encoded === undefined
    ? Buffer.from(key as string, 'utf8')
    : givenBytes('key_b64', encoded);
}

/** The bytes of a member of a body. @throws HttpError */
export function givenBytes(field: string, text: string): Buffer {
  const bytes = decoded(text);
  if (bytes !== undefined) return bytes;
  throw unprocessable(`${field} is not base64`, { field });
}

/** Of a body that is JSON, but not what is wanted. */
export function unprocessable(message: string, details?: { readonly field: string }): HttpError {
  return new HttpError(UNPROCESSABLE, 'BAD_REQUEST', message, details ? { details } : {});
}

/** The bytes of a member of a query. @throws CaskError BAD_REQUEST */
export function bytesOfBase64(field: string, text: string): Buffer {
  const bytes = decoded(text);
  if (bytes !== undefined) return bytes;
  throw new CaskError('BAD_REQUEST', `${field} is not base64`, { details: { field } });
}

/** Strict, where Buffer skips what it does not know. */
function decoded(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  const plain = text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
  return bytes.toString('base64url') === plain ? bytes : undefined;
}
