/** The fastify instance that routes are added to: its limits, its hooks, its answer to errors. */

import { fastify } from 'fastify';
import type { CaskError } from '../errors/cask-error.ts';
import type { Authenticator } from '../security/index.ts';
import type { TlsIdentity } from '../server/index.ts';
import type { StoreLogger } from '../storage/store-options.ts';
import { guardRoutes } from './access/guard.ts';
import { guardOrigins, KnownHosts } from './access/origins.ts';
import { addBodyParsers } from './body-parsers.ts';
import { compressAnswers } from './compression.ts';
import type { HttpContext } from './http-context.ts';
import type { HttpCounters } from './http-counters.ts';
import { handleErrors, refuseBytes } from './http-errors.ts';
import { HTTP_LIMITS, type HttpSettings } from './http-limits.ts';
import type { Flights } from './in-flight.ts';
import { knownMethods } from './known-methods.ts';
import { parseQuery } from './query-string.ts';
import { quickReads } from './quick-reads.ts';
import { routePathOf } from './request-address.ts';
import { countOperations } from './request-figures.ts';
import { RequestIds } from './request-ids.ts';
import { compileSerializer, compileValidator } from './schema/validation.ts';

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

/** What the hooks need of the listener. */
export type AppContext = Pick<HttpContext, 'settings' | 'counters' | 'access' | 'served' | 'front'>;

function socketOptions({ timeoutMs }: HttpSettings) {
  return {
    maxHeaderSize: HTTP_LIMITS.maxHeaderBytes,
    // node takes the longer of the two for the whole of the request
    headersTimeout: Math.min(timeoutMs, HTTP_LIMITS.headersTimeoutMs),
    connectionsCheckingInterval: HTTP_LIMITS.checkIntervalMs,
  };
}

function appOptions({ timeoutMs, idleTimeoutMs }: HttpSettings, ids: RequestIds) {
  return {
    logger: false,
    bodyLimit: HTTP_LIMITS.maxPlainBodyBytes,
    requestTimeout: timeoutMs,
    // within a request or an answer; its own deadline comes first
    connectionTimeout: timeoutMs + 2 * HTTP_LIMITS.checkIntervalMs,
    keepAliveTimeout: idleTimeoutMs,
    // what comes while it closes is answered like anything else, and its connection closed
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    clientErrorHandler: refuseBytes,
    rewriteUrl: routePathOf,
    routerOptions: { querystringParser: parseQuery },
    genReqId: (request: Parameters<RequestIds['idOf']>[0]) => ids.idOf(request),
  } as const;
}

function plainApp(settings: HttpSettings, ids: RequestIds) {
  return fastify({ ...appOptions(settings, ids), http: socketOptions(settings) });
}

/** The same to its routes. */
function tlsApp(settings: HttpSettings, ids: RequestIds, identity: TlsIdentity): HttpApp {
  const { handshakeTimeoutMs: handshakeTimeout } = HTTP_LIMITS;
  const https = { ...socketOptions(settings), ...identity.serverOptions, handshakeTimeout };
  const app = fastify({ ...appOptions(settings, ids), https });
  identity.attach(app.server);
  app.server.on('close', () => identity.detach(app.server));
  return app as unknown as HttpApp;
}

/** Without routes: whoever asks for it adds them. */
export function createHttpApp(
  context: AppContext,
  flights: Flights,
  tls: TlsIdentity | undefined,
  log: StoreLogger,
): HttpApp {
  const { settings, counters, access } = context;
  const ids = new RequestIds();
  const app = tls === undefined ? plainApp(settings, ids) : tlsApp(settings, ids, tls);
  watchConnections(app, settings.maxConnections, counters);
  addBodyParsers(app, () => context.served?.server.limits.maxBatchItems ?? 0);
  app.setValidatorCompiler(compileValidator as Parameters<HttpApp['setValidatorCompiler']>[0]);
  app.setSerializerCompiler(compileSerializer);

  const methodsOf = knownMethods(app);
  app.addHook('onRequest', (request, reply, next) => {
    reply.header('cache-control', 'no-store');
    reply.header('x-content-type-options', 'nosniff');
    reply.header('x-request-id', request.id);
    next();
  });
  const hosts = new KnownHosts(settings);
  guardOrigins(app, hosts, settings);
  guardRoutes(app, access);
  flights.watch(app);
  countOperations(app, context);
  compressAnswers(app);
  app.addHook('onResponse', (request, reply, next) => {
    const route = request.is404 ? NO_ROUTE : (request.routeOptions.url ?? NO_ROUTE);
    counters.answered(route, reply.statusCode, reply.elapsedTime);
    next();
  });
  const countError = (error: CaskError): void => context.served?.server.countError(error);
  handleErrors(app, log, countError, methodsOf);
  quickReads(app, context, { flights, hosts, ids });
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
