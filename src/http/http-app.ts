/** The fastify instance that routes are added to: its limits, its hooks, its answer to errors. */

import { fastify } from 'fastify';
import type { StoreLogger } from '../storage/store-options.ts';
import type { HttpCounters } from './http-counters.ts';
import { handleErrors, refuseBytes } from './http-errors.ts';
import { HTTP_LIMITS } from './http-limits.ts';

/** Of no route: paths that there are not. */
const NO_ROUTE = 'none';

export type HttpApp = ReturnType<typeof bareApp>;

function bareApp() {
  const limits = HTTP_LIMITS;
  return fastify({
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
    http: {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersTimeoutMs,
      connectionsCheckingInterval: limits.checkIntervalMs,
    },
  });
}

export function createHttpApp(
  maxConnections: number,
  counters: HttpCounters,
  log: StoreLogger,
): HttpApp {
  const app = bareApp();
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
  app.addHook('onResponse', (request, reply, next) => {
    const route = request.is404 ? NO_ROUTE : (request.routeOptions.url ?? NO_ROUTE);
    counters.answered(route, reply.statusCode, reply.elapsedTime);
    next();
  });
  handleErrors(app, log, (path) => methods.get(path) ?? []);
  return app;
}
