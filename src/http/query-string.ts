/**
 * Percent-encoding (RFC 3986) of bytes. Keys are bytes and need not be UTF-8, so what a path or a
 * query holds is kept as a string of one character for each byte ("latin1") until it is used.
 */

import { CaskError } from '../errors/cask-error.ts';

/** RFC 3986, 2.3. */
const UNRESERVED = /[A-Za-z0-9._~-]/;
const ESCAPE = /%([0-9A-Fa-f]{2})?/g;
/** Members of a query; ours have less than ten. */
const MEMBERS_MAX = 100;

/** Each member of a query by its name, as bytes in latin1; of members with one name, the last. */
export function parseQuery(query: string): Record<string, string> {
  const members: Record<string, string> = Object.create(null);
  if (query === '') return members;
  for (const member of query.split('&', MEMBERS_MAX)) {
    if (member === '') continue;
    const equals = member.indexOf('=');
    const name = equals < 0 ? member : member.slice(0, equals);
    const value = equals < 0 ? '' : member.slice(equals + 1).replaceAll('+', ' ');
    members[decode(name)] = decode(value);
  }
  return members;
}

/** The bytes that a part of a path stands for. @throws CaskError BAD_REQUEST */
export function bytesOfPath(part: string): Buffer {
  const decoded = decode(part);
  if (decoded.includes(BAD)) {
    throw new CaskError('BAD_REQUEST', 'a % in the path is not followed by two hex digits');
  }
  return Buffer.from(decoded, 'latin1');
}

/** The bytes as they stand in a path or a query. */
export function percentEncoded(bytes: Uint8Array): string {
  const encoded = Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    if (UNRESERVED.test(character)) return character;
    return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  });
  return encoded.join('');
}

/** No byte is this character. */
const BAD = '\uffff';

function decode(text: string): string {
  if (!text.includes('%')) return text;
  return text.replace(ESCAPE, (_, hex: string | undefined) =>
    hex === undefined ? BAD : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/** The bytes of a member of a query. @throws CaskError BAD_REQUEST */
export function bytesOfMember(name: string, value: string): Buffer {
  if (!value.includes(BAD)) return Buffer.from(value, 'latin1');
  const details = { field: name };
  throw new CaskError('BAD_REQUEST', `a % in ${name} is not followed by two hex digits`, {
    details,
  });
}
