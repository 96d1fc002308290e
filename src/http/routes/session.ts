/**
 * /v1/session, for pages in a browser: POST logs in and sets a cookie, GET says who one is and
 * gives the token that changes need, DELETE logs out.
 */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { CaskError } from '../../errors/cask-error.ts';
import { type Account, type Credentials, NOBODY, ROLES, rankOf } from '../../security/index.ts';
import { type BrowserSession, SESSION_LIMITS } from '../access/browser-sessions.ts';
import { callerOf, requireCsrfToken, sessionOf } from '../access/caller.ts';
import { sessionCookie, sessionTokenOf } from '../access/cookies.ts';
import type { HttpApp } from '../http-app.ts';
import type { HttpContext } from '../http-context.ts';
import { percentEncoded } from '../query-string.ts';
import { NO_CONTENT, responses } from '../schema/responses.ts';
import { CREDENTIALS_SCHEMA, SESSION_SCHEMA } from '../schema/session-schema.ts';

const config = { role: 'anyone', isSecret: true } as const;
const tags = ['session'];

export function addSession(app: HttpApp, { access }: HttpContext): void {
  const { sessions, isTls } = access;

  app.post<{ Body: Credentials }>(
    '/v1/session',
    {
      config,
      schema: {
        tags,
        summary: 'Log in, for pages in a browser',
        description: 'Sets a cookie; changes need the token in the header X-Caskd-Csrf, too.',
        body: CREDENTIALS_SCHEMA,
        response: responses({ 200: SESSION_SCHEMA }, 400, 401, 413, 415, 422, 429, 501, 503),
      },
    },
    async (request, reply) => {
      const { authenticator } = access;
      if (authenticator === undefined) {
        const message = 'no users are configured; everybody may do everything';
        throw new CaskError('UNSUPPORTED', message);
      }
      const { socket, body } = request;
      const isWanted = (): boolean => !socket.destroyed;
      const from = socket.remoteAddress ?? '';
      const account = await authenticator.authenticate(from, body, isWanted);
      forget(request);
      const { token, session } = sessions.open(account);
      reply.header('set-cookie', sessionCookie(token, SESSION_LIMITS.lifeMs, isTls));
      return describe(account, session);
    },
  );

  app.get(
    '/v1/session',
    {
      config,
      schema: {
        tags,
        summary: 'Who one is, and the token for changes',
        response: responses({ 200: SESSION_SCHEMA }, 401, 429, 503),
      },
    },
    async (request) => {
      const session = sessionOf(request, access);
      return describe(session?.account ?? (await callerOf(request, access)), session);
    },
  );

  app.delete(
    '/v1/session',
    {
      config,
      schema: { tags, summary: 'Log out', response: responses({ 204: NO_CONTENT }, 403, 413, 415) },
    },
    async (request, reply: FastifyReply) => {
      const session = sessionOf(request, access);
      if (session !== undefined) requireCsrfToken(request, session);
      forget(request);
      reply.header('set-cookie', sessionCookie('', 0, isTls));
      return reply.code(204).send();
    },
  );

  function forget({ headers }: FastifyRequest): void {
    const token = sessionTokenOf(headers.cookie, isTls);
    if (token !== undefined) sessions.close(token);
  }

  function describe(account: Account, session: BrowserSession | undefined): object {
    const leftMs = session === undefined ? undefined : sessions.leftMs(session);
    return {
      authenticated: account !== NOBODY,
      users_configured: access.authenticator !== undefined,
      user: account.name === '' ? null : account.name,
      role: ROLES.findLast((role) => account.rank >= rankOf(role)) ?? null,
      prefixes: account.prefixes?.map(percentEncoded) ?? null,
      csrf_token: session?.csrfToken ?? null,
      expires_at: leftMs === undefined ? null : new Date(Date.now() + leftMs).toISOString(),
    };
  }
}
