/** What the headers of an answer tell of an entry, whatever form its value is given in. */

import type { EntryMeta } from '../../vocabulary/entry.ts';
import { entityTagOf } from './preconditions.ts';

const SECOND_MS = 1000;

let lastSecond = Number.NaN;
let lastDate = '';

/** Names and values in turns. */
export function entryHeaders({ revision, version, updatedAt, expiresAt }: EntryMeta): string[] {
  const headers = [
    'cache-control',
    'no-cache',
    'etag',
    entityTagOf(revision),
    'last-modified',
    httpDate(updatedAt),
    'x-caskd-version',
    `${version}`,
  ];
  if (expiresAt !== undefined) {
    headers.push('x-caskd-expires-at', new Date(expiresAt).toISOString());
  }
  return headers;
}

/** RFC 9110, 5.6.7. What is read was often written in the same second. */
function httpDate(ms: number): string {
  const second = Math.floor(ms / SECOND_MS);
  if (second !== lastSecond) {
    lastDate = new Date(ms).toUTCString();
    lastSecond = second;
  }
  return lastDate;
}
