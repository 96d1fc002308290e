/** Who may ask for what over HTTP: the one place. A route that does not say who may is not taken. */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { toCaskError } from '../../errors/cask-error.ts';
import { type Account, type Need, type NeededRole, refusalOf } from '../../security/index.ts';
import type { HttpApp } from '../http-app.ts';
import { type CallerSources, callerOf } from './caller.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The role that a route needs. */
    role?: NeededRole;
    /** `session`: keys, by way of a session that knows the limits of its user. @default 'server' */
    reach?: Need['reach'];
  }
  interface FastifyRequest {
    /** Who asks; of routes for anyone, nobody. */
    account: Account;
  }
}

const CHALLENGE = 'Basic realm="caskd", charset="UTF-8"';
/** For what pages ask in a browser: with the other one it would ask its user for a password. */
const PAGE_CHALLENGE = 'Caskd-Session realm="caskd"';

export function guardRoutes(app: HttpApp, sources: CallerSources): void {
  // a plain value: each request gets its own in the hook below
  app.decorateRequest('account', null as never);
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.role === undefined) throw new Error(`${method} ${url} does not say who may`);
  });
  app.addHook('onRequest', (request, reply, next) => {
    const { role, reach = 'server' } = request.routeOptions.config;
    // there is no such route: that is said to everybody
    if (role === undefined || role === 'anyone') {
      next();
      return;
    }
    let caller: Account | Promise<Account>;
    try {
      caller = callerOf(request, sources);
    } catch (thrown) {
      next(toCaskError(thrown));
      return;
    }
    const need: Need = { role, reach };
    if (caller instanceof Promise) {
      caller.then(
        (account) => next(refusal(request, reply, account, need)),
        (thrown) => next(refused(request, reply, toCaskError(thrown))),
      );
    } else next(refusal(request, reply, caller, need));
  });
}

function refusal(
  request: FastifyRequest,
  reply: FastifyReply,
  account: Account,
  need: Need,
): Error | undefined {
  request.account = account;
  const { method, routeOptions } = request;
  const problem = refusalOf(account, `${method} ${routeOptions.url}`, need);
  return problem === undefined ? undefined : refused(request, reply, problem);
}

function refused(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  problem: ReturnType<typeof toCaskError>,
): Error {
  if (problem.code === 'UNAUTHENTICATED') {
    // browsers say the one of every request, the other of addresses that are typed or followed
    const isPage =
      headers['sec-fetch-site'] !== undefined && headers['sec-fetch-mode'] !== 'navigate';
    reply.header('www-authenticate', isPage ? PAGE_CHALLENGE : CHALLENGE);
  }
  return problem;
}
