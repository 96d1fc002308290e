/**
 * Who a request is from: user and password with each request (HTTP Basic, RFC 7617), the
 * certificate that its connection showed, or the session that a browser has.
 */

import type { IncomingMessage } from 'node:http';
import { CaskError } from '../../errors/cask-error.ts';
import { type Account, type Authenticator, EVERYONE, NOBODY } from '../../security/index.ts';
import { certificateNameOf } from '../../server/index.ts';
import { type BrowserSession, type BrowserSessions, isCsrfToken } from './browser-sessions.ts';
import { sessionTokenOf } from './cookies.ts';

const BASIC = /^Basic +([A-Za-z0-9+/]+=*) *$/i;
/** They change nothing (RFC 9110, 9.2.1). */
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
export const CSRF_HEADER = 'x-caskd-csrf';

export interface CallerSources {
  /** Undefined: nobody is asked who they are. */
  readonly authenticator: Authenticator | undefined;
  readonly sessions: BrowserSessions;
  readonly isTls: boolean;
}

/** What is looked at of a request. */
export type AskingRequest = Pick<IncomingMessage, 'headers' | 'socket'> & {
  readonly method?: string | undefined;
};

/**
 * A password is looked at only where one is given; the rest is known at once.
 * @throws CaskError UNAUTHENTICATED, AUTH_LOCKED, BUSY; FORBIDDEN without the token that a session
 * needs to change something
 */
export function callerOf(
  request: AskingRequest,
  sources: CallerSources,
): Account | Promise<Account> {
  const { authenticator } = sources;
  if (authenticator === undefined) return EVERYONE;
  const { headers, socket } = request;
  const { authorization } = headers;
  if (authorization !== undefined) {
    const credentials = credentialsOf(authorization);
    if (credentials === undefined) return NOBODY;
    const isWanted = (): boolean => !socket.destroyed;
    return authenticator.authenticate(socket.remoteAddress ?? '', credentials, isWanted);
  }
  const session = sessionOf(request, sources);
  if (session !== undefined) {
    requireCsrfToken(request, session);
    return session.account;
  }
  const name = certificateNameOf(socket);
  return (name === undefined ? undefined : authenticator.accountOf(name)) ?? NOBODY;
}

export function sessionOf(
  { headers }: Pick<AskingRequest, 'headers'>,
  { sessions, isTls }: CallerSources,
): BrowserSession | undefined {
  const token = sessionTokenOf(headers.cookie, isTls);
  return token === undefined ? undefined : sessions.find(token);
}

/**
 * A browser sends the cookie with what other pages make it ask, too; the token it does not.
 * @throws CaskError FORBIDDEN
 */
export function requireCsrfToken(
  { method = '', headers }: AskingRequest,
  session: BrowserSession,
): void {
  if (SAFE_METHODS.has(method) || isCsrfToken(session, headers[CSRF_HEADER])) return;
  const message = 'a session changes things only with the token of GET /v1/session';
  throw new CaskError('FORBIDDEN', `${message}, in the header X-Caskd-Csrf`);
}

function credentialsOf(authorization: string) {
  const [, encoded] = BASIC.exec(authorization) ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  return { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
