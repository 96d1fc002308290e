/** The fastify instance that routes are added to: its limits, its hooks, its answer to errors. */

import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { fastify } from 'fastify';
import type { Authenticator } from '../security/index.ts';
import type { TlsIdentity } from '../server/index.ts';
import type { StoreLogger } from '../storage/store-options.ts';
import type { CallerSources } from './access/caller.ts';
import { guardRoutes } from './access/guard.ts';
import { guardOrigins } from './access/origins.ts';
import { addBodyParsers } from './body-parsers.ts';
import type { HttpCounters } from './http-counters.ts';
import { type ErrorCounter, handleErrors, refuseBytes } from './http-errors.ts';
import { HTTP_LIMITS, type HttpSettings } from './http-limits.ts';
import { parseQuery } from './query-string.ts';
import { compileSerializer, compileValidator } from './schema/validation.ts';

/** Of no route: paths that there are not. */
const NO_ROUTE = 'none';
/** Of requests: taken as it comes, if it is short and harmless. */
const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;

export type HttpApp = ReturnType<typeof plainApp>;

/** What asks clients who they are, and keeps what they say from others. */
export interface HttpSecurity {
  /** Undefined: nobody is asked. */
  readonly authenticator: Authenticator | undefined;
  /** Undefined: HTTP in the clear. */
  readonly tls: TlsIdentity | undefined;
}

const SOCKET_OPTIONS = {
  maxHeaderSize: HTTP_LIMITS.maxHeaderBytes,
  headersTimeout: HTTP_LIMITS.headersTimeoutMs,
  connectionsCheckingInterval: HTTP_LIMITS.checkIntervalMs,
} as const;

function appOptions({ timeoutMs, idleTimeoutMs }: HttpSettings) {
  const process = randomBytes(4).toString('hex');
  let requests = 0;
  return {
    logger: false,
    bodyLimit: HTTP_LIMITS.maxPlainBodyBytes,
    requestTimeout: timeoutMs,
    // within a request or an answer; its own deadline comes first
    connectionTimeout: timeoutMs + HTTP_LIMITS.checkIntervalMs,
    keepAliveTimeout: idleTimeoutMs,
    // what comes while it closes is answered like anything else, and its connection closed
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: refuseBytes,
    routerOptions: { querystringParser: parseQuery },
    genReqId: ({ headers }: Pick<IncomingMessage, 'headers'>) => {
      const given = headers['x-request-id'];
      if (typeof given === 'string' && REQUEST_ID.test(given)) return given;
      requests += 1;
      return `${process}-${requests.toString(36)}`;
    },
  } as const;
}

function plainApp(settings: HttpSettings) {
  return fastify({ ...appOptions(settings), http: SOCKET_OPTIONS });
}

/** The same to its routes. */
function tlsApp(settings: HttpSettings, identity: TlsIdentity): HttpApp {
  const { handshakeTimeoutMs: handshakeTimeout } = HTTP_LIMITS;
  const https = { ...SOCKET_OPTIONS, ...identity.serverOptions, handshakeTimeout };
  const app = fastify({ ...appOptions(settings), https });
  identity.attach(app.server);
  app.server.on('close', () => identity.detach(app.server));
  return app as unknown as HttpApp;
}

export interface HttpAppParts {
  readonly settings: HttpSettings;
  readonly counters: HttpCounters;
  readonly access: CallerSources;
  readonly tls: TlsIdentity | undefined;
  readonly log: StoreLogger;
  readonly countError: ErrorCounter;
}

export function createHttpApp(parts: HttpAppParts): HttpApp {
  const { settings, counters, access, tls, log, countError } = parts;
  const app = tls === undefined ? plainApp(settings) : tlsApp(settings, tls);
  watchConnections(app, settings.maxConnections, counters);
  addBodyParsers(app);
  app.setValidatorCompiler(compileValidator as Parameters<HttpApp['setValidatorCompiler']>[0]);
  app.setSerializerCompiler(compileSerializer);

  const methods = new Map<string, string[]>();
  app.addHook('onRoute', ({ url, method }) => {
    methods.set(url, [...(methods.get(url) ?? []), ...[method].flat()]);
  });
  app.addHook('onRequest', (request, reply, next) => {
    reply.header('cache-control', 'no-store');
    reply.header('x-content-type-options', 'nosniff');
    reply.header('x-request-id', request.id);
    next();
  });
  guardOrigins(app, settings);
  guardRoutes(app, access);
  app.addHook('onResponse', (request, reply, next) => {
    const route = request.is404 ? NO_ROUTE : (request.routeOptions.url ?? NO_ROUTE);
    counters.answered(route, reply.statusCode, reply.elapsedTime);
    next();
  });
  handleErrors(app, log, countError, (path) => methods.get(path) ?? []);
  return app;
}

function watchConnections(
  { server }: HttpApp,
  maxConnections: number,
  counters: HttpCounters,
): void {
  server.maxConnections = maxConnections;
  server.on('connection', (socket) => {
    counters.connectionOpened();
    socket.on('close', () => counters.connectionClosed());
  });
  server.on('drop', () => counters.connectionRejected());
}
