/** The fastify instance that routes are added to: its limits, its hooks, its answer to errors. */

import { fastify } from 'fastify';
import type { Authenticator } from '../security/index.ts';
import type { TlsIdentity } from '../server/index.ts';
import type { StoreLogger } from '../storage/store-options.ts';
import { guardRoutes } from './http-access.ts';
import type { HttpCounters } from './http-counters.ts';
import { handleErrors, refuseBytes } from './http-errors.ts';
import { HTTP_LIMITS } from './http-limits.ts';

/** Of no route: paths that there are not. */
const NO_ROUTE = 'none';

export type HttpApp = ReturnType<typeof plainApp>;

/** What asks clients who they are, and keeps what they say from others. */
export interface HttpSecurity {
  /** Undefined: nobody is asked. */
  readonly authenticator: Authenticator | undefined;
  /** Undefined: HTTP in the clear. */
  readonly tls: TlsIdentity | undefined;
}

const limits = HTTP_LIMITS;

const SOCKET_OPTIONS = {
  maxHeaderSize: limits.maxHeaderBytes,
  headersTimeout: limits.headersTimeoutMs,
  connectionsCheckingInterval: limits.checkIntervalMs,
} as const;

function appOptions() {
  return {
    logger: false,
    bodyLimit: limits.maxBodyBytes,
    requestTimeout: limits.requestTimeoutMs,
    handlerTimeout: limits.handlerTimeoutMs,
    connectionTimeout: limits.connectionTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    // what comes while it closes is answered like anything else, and its connection closed
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: refuseBytes,
  } as const;
}

function plainApp() {
  return fastify({ ...appOptions(), http: SOCKET_OPTIONS });
}

/** The same to its routes. */
function tlsApp(identity: TlsIdentity): HttpApp {
  const { handshakeTimeoutMs: handshakeTimeout } = limits;
  const https = { ...SOCKET_OPTIONS, ...identity.serverOptions, handshakeTimeout };
  const app = fastify({ ...appOptions(), https });
  identity.attach(app.server);
  app.server.on('close', () => identity.detach(app.server));
  return app as unknown as HttpApp;
}

export function createHttpApp(
  maxConnections: number,
  counters: HttpCounters,
  log: StoreLogger,
  { authenticator, tls }: HttpSecurity,
): HttpApp {
  const app = tls === undefined ? plainApp() : tlsApp(tls);
  const { server } = app;
  server.maxConnections = maxConnections;
  server.on('connection', (socket) => {
    counters.connectionOpened();
    socket.on('close', () => counters.connectionClosed());
  });
  server.on('drop', () => counters.connectionRejected());

  const methods = new Map<string, string[]>();
  app.addHook('onRoute', ({ url, method }) => {
    methods.set(url, [...(methods.get(url) ?? []), ...[method].flat()]);
  });
  app.addHook('onRequest', (_request, reply, next) => {
    reply.header('cache-control', 'no-store');
    reply.header('x-content-type-options', 'nosniff');
    next();
  });
  guardRoutes(app, authenticator);
  app.addHook('onResponse', (request, reply, next) => {
    const route = request.is404 ? NO_ROUTE : (request.routeOptions.url ?? NO_ROUTE);
    counters.answered(route, reply.statusCode, reply.elapsedTime);
    next();
  });
  handleErrors(app, log, (path) => methods.get(path) ?? []);
  return app;
}
