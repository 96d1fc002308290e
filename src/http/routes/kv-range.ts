/** GET /v1/kv: a page of a range, or with NDJSON the whole of it. */

import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { OP_RANGE } from '../../protocol/op-codes.ts';
import type { Session } from '../../storage/session.ts';
import type { RangeOptions } from '../../vocabulary/entry.ts';
import { addVary } from '../compression.ts';
import type { HttpApp } from '../http-app.ts';
import { type HttpContext, servedOf, storeFrontOf } from '../http-context.ts';
import { type AnyEntry, anyEntryJson, joinedJson } from '../kv/entry-json.ts';
import { bytesOfBase64 } from '../kv/given-value.ts';
import { rangeLines } from '../kv/range-lines.ts';
import { RANGE_MEMBERS, type RangeBounds, rangeOf } from '../kv/range-query.ts';
import { wantsLines } from '../media-types.ts';
import { PAGE_SCHEMA } from '../schema/entry-schema.ts';
import { flag, objectOf, text } from '../schema/json-schema.ts';
import { responses } from '../schema/responses.ts';

const LIMIT_DEFAULT = 100;
const LINES_TYPE = 'application/x-ndjson; charset=utf-8';

interface Query extends RangeBounds {
  readonly limit?: number;
  readonly cursor?: string;
  readonly reverse?: boolean;
  readonly keys_only?: boolean;
}

const QUERY_SCHEMA = objectOf(
  {
    ...RANGE_MEMBERS,
    limit: { type: 'integer', minimum: 1, default: LIMIT_DEFAULT },
    cursor: text('`next_cursor` of the page before.'),
    reverse: flag('From the end to the start.'),
    keys_only: flag('Without values.'),
  },
  ...['start', 'end', 'prefix', 'limit', 'cursor', 'reverse', 'keys_only'],
);

export function addKvRange(app: HttpApp, context: HttpContext): void {
  app.get<{ Querystring: Query }>(
    '/v1/kv',
    {
      config: { role: 'read', reach: 'session', op: OP_RANGE },
      schema: {
        tags: ['keys and values'],
        summary: 'Read a range of keys, in their order',
        description:
          'A page; with `Accept: application/x-ndjson` all of the range (of `limit`, if given), an entry a line.',
        querystring: QUERY_SCHEMA,
        response: responses(
          {
            200: {
              description: 'A page, or lines.',
              content: {
                'application/json': { schema: PAGE_SCHEMA },
                'application/x-ndjson': { schema: { type: 'string' } },
              },
            },
          },
          ...[401, 403, 429, 503, 504],
        ),
      },
    },
    (request, reply) => {
      addVary(reply, 'accept');
      if (wantsLines(request.headers.accept)) return sendLines(request, reply, context);
      return sendPage(request, reply, context);
    },
  );
}

async function sendPage(
  request: FastifyRequest<{ Querystring: Query }>,
  reply: FastifyReply,
  context: HttpContext,
): Promise<FastifyReply> {
  const { query, account, flight } = request;
  const { limit: asked = LIMIT_DEFAULT } = query;
  const limit = Math.min(asked, servedOf(context).server.limits.maxRangeItems);
  const session = storeFrontOf(context).reads(account);
  const options = { ...optionsOf(query), limit };
  const { entries, more } = await readPage(session, options, query.keys_only, flight?.patience);
  const last = entries.at(-1)?.key;
  const next = more && last !== undefined ? `"${last.toString('base64url')}"` : 'null';
  const head = `"count":${entries.length},"has_more":${more},"next_cursor":${next}`;
  const limits = `"limit":${limit},"limit_clamped":${limit < asked}`;
  const results = await joinedJson<AnyEntry>(entries, anyEntryJson);
  const page = `{${head},${limits},"results":[${results}]}`;
  return reply.type('application/json; charset=utf-8').send(page);
}

async function sendLines(
  request: FastifyRequest<{ Querystring: Query }>,
  reply: FastifyReply,
  context: HttpContext,
): Promise<FastifyReply> {
  const { query, account, flight } = request;
  const session = storeFrontOf(context).reads(account);
  const read = (options: RangeOptions) =>
    readPage(session, options, query.keys_only, flight?.patience);
  const { maxRangeItems } = servedOf(context).server.limits;
  const lines = rangeLines(read, optionsOf(query), query.limit, maxRangeItems);
  // what the first page fails of is a problem like any other
  const first = await lines.next();
  const rest = async function* () {
    if (first.done !== true) yield first.value;
    yield* lines;
  };
  // one piece waits for the reader, and no more
  return reply.type(LINES_TYPE).send(Readable.from(rest(), { highWaterMark: 1 }));
}

function readPage(
  session: Session,
  options: RangeOptions,
  keysOnly = false,
  ...patience: Parameters<Session['range']>[1][]
) {
  return keysOnly
    ? session.range({ ...options, keysOnly }, ...patience)
    : session.range(options, ...patience);
}

function optionsOf(query: Query): RangeOptions {
  const { cursor, reverse } = query;
  const after = cursor === undefined ? undefined : bytesOfBase64('cursor', cursor);
  return { ...rangeOf(query), after, reverse };
}
