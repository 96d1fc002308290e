/** Requests over HTTP count as operations of the server: latencies, counters, the slow log. */

import type { IncomingMessage } from 'node:http';
import type { Account } from '../security/index.ts';
import type { HttpApp } from './http-app.ts';
import type { HttpContext, Served } from './http-context.ts';

/** Of no connection of the wire protocol. */
const NO_CLIENT = 0;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The number of the operation that the route is, on the wire. */
    op?: number;
  }
}

export function countOperations(app: HttpApp, context: Pick<HttpContext, 'served'>): void {
  app.addHook('onResponse', (request, reply, next) => {
    const { op } = request.routeOptions.config;
    const { served } = context;
    if (op !== undefined && served !== undefined) {
      countOperation(served.server, op, reply.elapsedTime, request, request.account);
    }
    next();
  });
}

/** @param account null: it was refused before anyone was asked for */
export function countOperation(
  server: Served['server'],
  op: number,
  ms: number,
  request: AnsweredRequest,
  account: Account | null,
): void {
  server.counters.countRequest(op);
  server.latencies.record(op, ms, 1);
  if (ms >= server.slowLog.thresholdMs) noteSlow(request, account, op, ms, server);
}

type AnsweredRequest = Pick<IncomingMessage, 'headers' | 'socket'>;

function noteSlow(
  { headers, socket }: AnsweredRequest,
  account: Account | null,
  op: number,
  ms: number,
  { slowLog }: Served['server'],
): void {
  const bytesIn = Number(headers['content-length'] ?? 0);
  slowLog.gather(op, ms, { bytesIn, bytesOut: 0, keyBytes: 0, items: 0 });
  const { remoteAddress = '', remotePort = 0 } = socket;
  const isV6 = remoteAddress.includes(':');
  const host = isV6 ? `[${remoteAddress}]` : remoteAddress;
  const clientName = account === null || account.name === '' ? 'http' : `http ${account.name}`;
  slowLog.note({ clientId: NO_CLIENT, address: `${host}:${remotePort}`, clientName });
}
