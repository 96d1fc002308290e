/**
 * Who may ask for what over HTTP. Every route names the role that it needs, or is not taken. Users
 * say who they are with each request: HTTP Basic, RFC 7617.
 */

import type { FastifyRequest } from 'fastify';
import { type CaskError, toCaskError } from '../errors/cask-error.ts';
import {
  type Account,
  type Authenticator,
  EVERYONE,
  type NeededRole,
  NOBODY,
  refusalOf,
} from '../security/index.ts';
import { certificateNameOf } from '../server/index.ts';
import type { HttpApp } from './http-app.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The role that a route needs. */
    role?: NeededRole;
  }
}

const CHALLENGE = 'Basic realm="caskd", charset="UTF-8"';
const BASIC = /^Basic +([A-Za-z0-9+/]+=*) *$/i;

/** @param authenticator undefined: nobody is asked who they are */
export function guardRoutes(app: HttpApp, authenticator: Authenticator | undefined): void {
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.role === undefined) throw new Error(`${method} ${url} does not say who may`);
  });
  app.addHook('onRequest', async (request, reply) => {
    const { role } = request.routeOptions.config;
    // there is no such route: that is said to everybody
    if (role === undefined || role === 'anyone') return;
    const refusal = await refusalOfRequest(request, role, authenticator);
    if (refusal === undefined) return;
    if (refusal.code === 'UNAUTHENTICATED') reply.header('www-authenticate', CHALLENGE);
    throw refusal;
  });
}

async function refusalOfRequest(
  request: FastifyRequest,
  role: NeededRole,
  authenticator: Authenticator | undefined,
): Promise<CaskError | undefined> {
  try {
    const account = await accountOf(request, authenticator);
    // what a route tells is about all there is
    const need = { role, reach: 'server' } as const;
    return refusalOf(account, `${request.method} ${request.routeOptions.url}`, need);
  } catch (thrown) {
    return toCaskError(thrown);
  }
}

/** @throws CaskError UNAUTHENTICATED, AUTH_LOCKED, BUSY */
async function accountOf(
  { headers, socket }: FastifyRequest,
  authenticator: Authenticator | undefined,
): Promise<Account> {
  if (authenticator === undefined) return EVERYONE;
  const [, encoded] = BASIC.exec(headers.authorization ?? '') ?? [];
  if (encoded === undefined) {
    const name = certificateNameOf(socket);
    return (name === undefined ? undefined : authenticator.accountOf(name)) ?? NOBODY;
  }
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0) return NOBODY;
  const credentials = { user: text.slice(0, colon), password: text.slice(colon + 1) };
  const isWanted = () => !socket.destroyed;
  return authenticator.authenticate(socket.remoteAddress ?? '', credentials, isWanted);
}
