/**
 * Which pages in a browser may use the listener.
 *
 * On loopback the Host header has to be an address, `localhost`, or a name that is configured: a
 * page whose own name was made to point here (DNS rebinding) is told nothing. What another page
 * asks (Origin, Fetch metadata) changes nothing, unless its origin is configured (CORS).
 */

import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { HttpApp } from '../http-app.ts';
import { HttpError } from '../http-error.ts';
import type { HttpSettings } from '../http-limits.ts';

const MISDIRECTED = 421;
const FORBIDDEN = 403;
const NO_CONTENT = 204;
const PREFLIGHT_SECONDS = 600;
const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/;
const CORS_METHODS = 'GET, HEAD, PUT, POST, DELETE';
const CORS_REQUEST_HEADERS =
  'authorization, content-type, if-match, if-none-match, x-caskd-csrf, x-request-id';
const CORS_RESPONSE_HEADERS = 'etag, location, retry-after, x-request-id';

/** Names in the Host header that stand for this machine. */
export class KnownHosts {
  readonly #names: ReadonlySet<string>;
  /** Most clients say the same each time. */
  #last: string | undefined;

  constructor({ allowedHosts }: Pick<HttpSettings, 'allowedHosts'>) {
    this.#names = new Set(['localhost', ...allowedHosts.map((name) => name.toLowerCase())]);
  }

  /** False: a page whose name was made to point here. */
  admit({ headers: { host }, socket }: Pick<IncomingMessage, 'headers' | 'socket'>): boolean {
    if (host === undefined || host === this.#last) return true;
    if (!isKnownHost(host, this.#names)) return !LOOPBACK.test(socket.localAddress ?? '');
    this.#last = host;
    return true;
  }
}

export function guardOrigins(
  app: HttpApp,
  hosts: KnownHosts,
  { corsOrigins }: Pick<HttpSettings, 'corsOrigins'>,
): void {
  const anyOrigin = corsOrigins.includes('*');
  const origins = new Set(corsOrigins);
  app.addHook('onRequest', (request, reply, next) => {
    const { origin } = request.headers;
    if (!hosts.admit(request)) {
      next(unknownHost());
      return;
    }
    if (origin !== undefined && (anyOrigin || origins.has(origin))) {
      allow(request, reply, origin);
      if (request.method === 'OPTIONS') {
        void reply.code(NO_CONTENT).send();
        return;
      }
    } else if (isFromElsewhere(request)) {
      next(foreignPage());
      return;
    }
    next();
  });
}

function allow({ method }: FastifyRequest, reply: FastifyReply, origin: string): void {
  reply.header('access-control-allow-origin', origin);
  reply.header('vary', 'origin');
  reply.header('access-control-expose-headers', CORS_RESPONSE_HEADERS);
  if (method !== 'OPTIONS') return;
  reply.header('access-control-allow-methods', CORS_METHODS);
  reply.header('access-control-allow-headers', CORS_REQUEST_HEADERS);
  reply.header('access-control-max-age', String(PREFLIGHT_SECONDS));
}

function isKnownHost(header: string, names: ReadonlySet<string>): boolean {
  const host = header.replace(/:\d*$/, '').toLowerCase();
  if (names.has(host) || host.endsWith('.localhost')) return true;
  return isIP(host.startsWith('[') ? host.slice(1, -1) : host) !== 0;
}

/** Of another page than ours, and about to change something. */
function isFromElsewhere({ method, headers }: FastifyRequest): boolean {
  if (method === 'GET' || method === 'HEAD') return false;
  const { origin, host } = headers;
  if (origin !== undefined) return hostOf(origin) !== host;
  const site = headers['sec-fetch-site'];
  return site === 'cross-site' || site === 'same-site';
}

/** `null`, of pages without an origin, has none. */
function hostOf(origin: string): string | undefined {
  const [, host] = /^https?:\/\/([^/]+)$/.exec(origin) ?? [];
  return host;
}

function unknownHost(): HttpError {
  const message = 'the name in the Host header is not one of this listener';
  return new HttpError(MISDIRECTED, 'FORBIDDEN', `${message}; add it to httpAllowedHosts`);
}

function foreignPage(): HttpError {
  const message = 'a page of another origin may not change anything here';
  return new HttpError(FORBIDDEN, 'FORBIDDEN', `${message}; httpCorsOrigins allows it`);
}
