/**
 * From what a client asks for to the path of a route. A key in a path is bytes, percent-encoded,
 * with slashes or without: the router sees a `-` in its place, and the key is kept aside.
 *
 * The paths of an earlier interface, under `/kv-store`, lead to the same routes, with a slash at
 * their end and without.
 */

import type { IncomingMessage } from 'node:http';
import type { FastifyRequest } from 'fastify';
import { bytesOfPath } from './query-string.ts';

const ENTRIES = '/v1/kv';
const EARLIER = '/kv-store';
const EARLIER_PAGES: Readonly<Record<string, string>> = {
  '/v1/kv/batch': '/v1/kv:batch',
  '/docs': '/docs',
  '/redoc': '/docs',
  '/schema': '/openapi.json',
};

/** A request with what `routePathOf` found out about it. */
interface AddressedRequest extends IncomingMessage {
  keyPart?: string;
  isEarlier?: boolean;
}

/** The path, with the query, that the router is to see. */
export function routePathOf(request: IncomingMessage): string {
  const url = request.url ?? '/';
  if (url.startsWith(`${ENTRIES}/`)) return entryPath(request, url, ENTRIES.length);
  if (url.startsWith(`${EARLIER}/`)) return earlierPath(request, url.slice(EARLIER.length));
  return url;
}

/** The key of a request for one entry. @throws CaskError BAD_REQUEST */
export function keyOf({ raw }: FastifyRequest): Buffer {
  return bytesOfPath((raw as AddressedRequest).keyPart ?? '');
}

/** It came by a path of the earlier interface. */
export function isEarlier({ raw }: FastifyRequest): boolean {
  return (raw as AddressedRequest).isEarlier === true;
}

/** @param at where the slash before the key is */
function entryPath(request: AddressedRequest, url: string, at: number): string {
  const question = url.indexOf('?', at);
  const end = question < 0 ? url.length : question;
  const query = url.slice(end);
  if (end === at + 1) return ENTRIES + query;
  request.keyPart = url.slice(at + 1, end);
  return `${ENTRIES}/-${query}`;
}

function earlierPath(request: AddressedRequest, url: string): string {
  request.isEarlier = true;
  const [path = '', ...rest] = url.split('?');
  const plain = path.endsWith('/') ? path.slice(0, -1) : path;
  const query = rest.length === 0 ? '' : `?${rest.join('?')}`;
  const page = EARLIER_PAGES[plain];
  // `batch` is a key, too
  if (page !== undefined && (request.method === 'POST' || !page.includes(':'))) return page + query;
  return plain.startsWith(`${ENTRIES}/`)
    ? entryPath(request, plain + query, ENTRIES.length)
    : plain + query;
}
