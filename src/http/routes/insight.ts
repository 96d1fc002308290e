/** /v1/segments, /v1/slowlog, /v1/clients: what operators look at. */

import { OP_CLIENTS, OP_SLOW_LOG } from '../../protocol/op-codes.ts';
import type { HttpApp } from '../http-app.ts';
import { type HttpContext, servedOf } from '../http-context.ts';
import { notFound } from '../http-error.ts';
import {
  CLIENTS_SCHEMA,
  FORGOTTEN_SCHEMA,
  SEGMENTS_SCHEMA,
  SLOW_LOG_SCHEMA,
} from '../schema/admin-schema.ts';
import { count, objectOf } from '../schema/json-schema.ts';
import { NO_CONTENT, responses } from '../schema/responses.ts';

/** Bound how long an answer holds the event loop. */
const SEGMENTS_MAX = 1000;
const CLIENTS_MAX = 500;
const SLOW_ENTRIES_MAX = 1000;

const tags = ['insight'];
const LATER_SCHEMA = (max: number) =>
  objectOf(
    {
      after: count('Only those with a greater number.'),
      limit: { type: 'integer', minimum: 1, maximum: max, default: max },
    },
    ...['after', 'limit'],
  );

interface Later {
  readonly after?: number;
  readonly limit?: number;
}

export function addInsight(app: HttpApp, context: HttpContext): void {
  addSegments(app, context);
  addSlowLog(app, context);
  addClients(app, context);
}

function addSegments(app: HttpApp, context: HttpContext): void {
  app.get<{ Querystring: Later }>(
    '/v1/segments',
    {
      config: { role: 'read' },
      schema: {
        tags,
        summary: 'The segments of the log, in the order of their numbers',
        querystring: LATER_SCHEMA(SEGMENTS_MAX),
        response: responses({ 200: SEGMENTS_SCHEMA }, 401, 403, 429, 503),
      },
    },
    ({ query: { after = 0, limit = SEGMENTS_MAX } }) => {
      const segments = servedOf(context).store.segments(after, limit + 1);
      const page = segments.slice(0, limit);
      const hasMore = segments.length > limit;
      return { segments: page, hasMore, nextAfter: hasMore ? page.at(-1)?.id : null };
    },
  );
}

function addSlowLog(app: HttpApp, context: HttpContext): void {
  const config = { role: 'admin', op: OP_SLOW_LOG } as const;

  app.get<{ Querystring: { count?: number } }>(
    '/v1/slowlog',
    {
      config,
      schema: {
        tags,
        summary: 'The last requests that took long, the newest first',
        querystring: objectOf(
          { count: { type: 'integer', minimum: 1, maximum: SLOW_ENTRIES_MAX } },
          'count',
        ),
        response: responses({ 200: SLOW_LOG_SCHEMA }, 401, 403, 429, 503),
      },
    },
    ({ query: { count: most = SLOW_ENTRIES_MAX } }) => {
      const { slowLog } = servedOf(context).server;
      return { entries: slowLog.newest(most), slowRequests: slowLog.slowRequests };
    },
  );

  app.delete(
    '/v1/slowlog',
    {
      config,
      schema: {
        tags,
        summary: 'Forget them',
        response: responses({ 200: FORGOTTEN_SCHEMA }, 401, 403, 429, 503),
      },
    },
    () => ({ forgotten: servedOf(context).server.slowLog.reset() }),
  );
}

function addClients(app: HttpApp, context: HttpContext): void {
  const config = { role: 'admin', op: OP_CLIENTS } as const;

  app.get<{ Querystring: Later }>(
    '/v1/clients',
    {
      config,
      schema: {
        tags,
        summary: 'Who is connected over the wire protocol',
        querystring: LATER_SCHEMA(CLIENTS_MAX),
        response: responses({ 200: CLIENTS_SCHEMA }, 401, 403, 429, 503),
      },
    },
    ({ query: { after = 0, limit = CLIENTS_MAX } }) => {
      const { clients, more } = servedOf(context).server.clients.page(after, limit);
      return { clients, hasMore: more };
    },
  );

  app.delete<{ Params: { id: string } }>(
    '/v1/clients/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Close a connection',
        params: objectOf({ id: { type: 'string', pattern: '^[1-9][0-9]{0,14}$' } }),
        response: responses({ 204: NO_CONTENT }, 401, 403, 404, 429, 503),
      },
    },
    ({ account, params: { id } }, reply) => {
      const by = account.name === '' ? 'an operator over HTTP' : `${account.name}, over HTTP`;
      const found = servedOf(context).server.clients.kill(Number(id), by);
      if (!found) throw notFound(`there is no client ${id}`);
      return reply.code(204).send();
    },
  );
}
