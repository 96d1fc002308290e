/**
 * The plainest request, GET /v1/kv/{key} for a short value as bytes, answered without the router
 * and its hooks, which cost as much as the rest of it. Whatever is out of the ordinary (a query, a
 * password, a condition, a value that is long, absent or on a slow disk, a listener that is full
 * or stops) goes the usual way and is decided there. What both ways ask, they ask of the same
 * functions, and a test holds their answers against each other.
 */

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Account } from '../security/index.ts';
import { refusalOf } from '../security/index.ts';
import { callerOf } from './access/caller.ts';
import type { KnownHosts } from './access/origins.ts';
import { COMPRESSED_BYTES_MIN } from './compression.ts';
import type { AppContext, HttpApp } from './http-app.ts';
import type { Flights } from './in-flight.ts';
import { entryHeaders } from './kv/entry-headers.ts';
import { BYTES_TYPE, noteAsked, payloadOf, READ_CONFIG, READ_PATH } from './kv/plain-read.ts';
import type { FoundValue, StoreFront } from './kv/store-front.ts';
import { bytesOfPath } from './query-string.ts';
import { countOperation } from './request-figures.ts';
import type { RequestIds } from './request-ids.ts';

const PATH = '/v1/kv/';
/** A value that leaves in one write together with its head, or in two. */
const VALUE_BYTES_MAX = 16 * 1024;
/** With one of these the answer may be another one. */
const DECIDING_HEADERS = [
  'authorization',
  'origin',
  'if-none-match',
  'if-modified-since',
  'content-length',
  'transfer-encoding',
] as const;

interface QuickParts {
  readonly flights: Flights;
  readonly hosts: KnownHosts;
  readonly ids: RequestIds;
}

export function quickReads({ server }: HttpApp, context: AppContext, parts: QuickParts): void {
  const [usual] = server.listeners('request') as RequestListener[];
  if (usual === undefined) throw new Error('the listener has no handler');
  server.off('request', usual);
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const sinceMs = performance.now();
    if (!answer(request, response, sinceMs, context, parts)) void usual(request, response);
  });
}

/** False: it takes the usual way. */
function answer(
  request: IncomingMessage,
  response: ServerResponse,
  sinceMs: number,
  context: AppContext,
  { flights, hosts, ids }: QuickParts,
): boolean {
  const { front, served, counters } = context;
  if (front === undefined || served === undefined || !flights.hasRoom) return false;
  if (!isPlain(request) || !hosts.admit(request)) return false;
  const account = readerOf(request, context);
  if (account === undefined) return false;
  const found = valueFor(request, account, front);
  if (found === undefined) return false;
  const { value } = found;
  const headers = entryHeaders(found);
  headers.push('x-content-type-options', 'nosniff', 'x-request-id', ids.idOf(request));
  headers.push('vary', 'accept', 'content-type', BYTES_TYPE, 'content-length', `${value.length}`);
  response.writeHead(200, headers);
  const payload = payloadOf(value);
  if (typeof payload === 'string') response.end(payload, 'latin1');
  else response.end(payload);
  const ms = performance.now() - sinceMs;
  counters.answered(READ_PATH, 200, ms);
  countOperation(served.server, READ_CONFIG.op, ms, request, account);
  return true;
}

function isPlain({ method, url = '', headers }: IncomingMessage): boolean {
  if (method !== 'GET' || !url.startsWith(PATH) || url.length === PATH.length) return false;
  const { accept } = headers;
  if (url.includes('?') || (accept !== undefined && accept !== '*/*')) return false;
  for (const name of DECIDING_HEADERS) if (headers[name] !== undefined) return false;
  return true;
}

/** Undefined: nobody who may, or nobody knows yet. */
function readerOf(request: IncomingMessage, { access }: AppContext): Account | undefined {
  const caller = callerOf(request, access);
  if (caller instanceof Promise) throw new Error('a password is looked at in the usual way');
  return refusalOf(caller, READ_PATH, READ_CONFIG) === undefined ? caller : undefined;
}

/** Undefined: it is absent, cannot be read, is long, or not there yet. */
function valueFor(request: IncomingMessage, account: Account, front: StoreFront): FoundValue {
  let found: FoundValue | Promise<FoundValue>;
  try {
    found = front.get(account, bytesOfPath((request.url ?? '').slice(PATH.length)));
  } catch {
    // it is said there, too, and told to the client
    return undefined;
  }
  if (found instanceof Promise) {
    // nobody may come for it: the request may be refused, or its client gone
    found.catch(() => {});
  } else if (found === undefined || found.value.length <= longestFor(request)) {
    return found;
  }
  noteAsked(request, found);
  return undefined;
}

/** Longer ones may be compressed. */
function longestFor({ headers }: IncomingMessage): number {
  return headers['accept-encoding'] === undefined ? VALUE_BYTES_MAX : COMPRESSED_BYTES_MIN - 1;
}
