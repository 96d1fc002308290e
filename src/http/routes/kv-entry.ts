/** /v1/kv/{key}: PUT, GET, HEAD and DELETE of one entry. */

import type { FastifyReply, FastifyRequest } from 'fastify';
import { OP_DELETE, OP_PUT } from '../../protocol/op-codes.ts';
import type { EntryMeta } from '../../vocabulary/entry.ts';
import { TTL_MS_MAX, TTL_NONE } from '../../vocabulary/write-arguments.ts';
import { addVary } from '../compression.ts';
import type { HttpApp } from '../http-app.ts';
import { type HttpContext, storeFrontOf } from '../http-context.ts';
import { notFound } from '../http-error.ts';
import { entryHeaders } from '../kv/entry-headers.ts';
import { entryJson, keyMember, metaMembers, valueMember } from '../kv/entry-json.ts';
import { type GivenValue, valueBytesOf } from '../kv/given-value.ts';
import { askedOf, BYTES_TYPE, payloadOf, READ_CONFIG, READ_PATH } from '../kv/plain-read.ts';
import {
  asPreconditionFailed,
  entityTagOf,
  isNotModified,
  writeConditionOf,
} from '../kv/preconditions.ts';
import { wantsJson } from '../media-types.ts';
import { isEarlier, keyOf } from '../request-address.ts';
import { ENTRY_SCHEMA, GIVEN_VALUE_SCHEMA, PUT_SCHEMA } from '../schema/entry-schema.ts';
import { type JsonSchema, objectOf, text } from '../schema/json-schema.ts';
import { NO_CONTENT, responses } from '../schema/responses.ts';

const PATH = READ_PATH;
const tags = ['keys and values'];
const JSON_TYPE = 'application/json; charset=utf-8';
/** Longer values are not repeated to who sent them. */
const ECHO_BYTES_MAX = 64 * 1024;

const BYTES: JsonSchema = { type: 'string', format: 'binary' };
const params = objectOf({ key: text('The key, percent-encoded.') });
const IF_MATCH = text('Only at this revision: `"revision"`; `*`: only if there is such a key.');

export function addKvEntry(app: HttpApp, context: HttpContext): void {
  addPut(app, context);
  addGet(app, context);
  addDelete(app, context);
}

function addPut(app: HttpApp, context: HttpContext): void {
  app.put<{ Body: GivenValue | Buffer | undefined; Querystring: { ttl_ms?: number } }>(
    PATH,
    {
      config: { role: 'write', reach: 'session', op: OP_PUT, isWrite: true, takesBytes: true },
      bodyLimit: context.settings.maxBodyBytes,
      schema: {
        tags,
        summary: 'Write an entry',
        description: 'The value is the body as it is, or of JSON the member `value`.',
        params,
        querystring: objectOf(
          { ttl_ms: { type: 'integer', minimum: 1, maximum: TTL_MS_MAX } },
          'ttl_ms',
        ),
        headers: headersOf({
          'if-match': IF_MATCH,
          'if-none-match': text('`*`: only if there is no such key.'),
        }),
        body: {
          content: {
            'application/json': { schema: GIVEN_VALUE_SCHEMA },
            'application/octet-stream': { schema: BYTES },
            'text/plain': { schema: BYTES },
          },
        },
        response: responses(
          { 200: PUT_SCHEMA, 201: PUT_SCHEMA },
          ...[401, 403, 412, 413, 415, 422, 429, 503, 504, 507],
        ),
      },
    },
    async (request, reply) => {
      const { body, account, query, headers } = request;
      const key = keyOf(request);
      const value = Buffer.isBuffer(body) ? body : bytesOfBody(body);
      const condition = writeConditionOf(headers);
      const ttlMs = query.ttl_ms ?? TTL_NONE;
      try {
        const meta = await storeFrontOf(context).put(account, key, value, condition, ttlMs);
        reply.code(meta.version === 1 ? 201 : 200).type(JSON_TYPE);
        reply.header('etag', entityTagOf(meta.revision));
        const echo = value.length > ECHO_BYTES_MAX ? '' : `${valueMember(value)},`;
        const length = `"value_bytes":${value.length}`;
        return `{${keyMember(key)},${echo}${length},${metaMembers(meta)}}`;
      } catch (thrown) {
        throw asPreconditionFailed(thrown);
      }
    },
  );
}

function bytesOfBody(body: GivenValue | undefined): Buffer {
  return body === undefined || body === null ? Buffer.alloc(0) : valueBytesOf(body);
}

function addGet(app: HttpApp, context: HttpContext): void {
  app.get(
    PATH,
    {
      config: READ_CONFIG,
      schema: {
        tags,
        summary: 'Read an entry',
        description:
          'The value as it is; with `Accept: application/json` all that is known of the entry.',
        params,
        headers: headersOf({
          'if-none-match': text('Tags that the client has: 304 if it is one of them.'),
          'if-modified-since': text('304 if it was not written since.'),
        }),
        response: responses(
          {
            200: {
              description: 'The value, or the entry.',
              content: {
                'application/octet-stream': { schema: BYTES },
                'application/json': { schema: ENTRY_SCHEMA },
              },
            },
            304: NO_CONTENT,
          },
          ...[401, 403, 404, 429, 503, 504],
        ),
      },
    },
    async (request, reply) => {
      const key = keyOf(request);
      const { headers, account } = request;
      const front = storeFrontOf(context);
      const answer = await (askedOf(request.raw) ?? front.get(account, key));
      if (answer === undefined) throw notFound('there is no such key');
      describe(reply, answer);
      if (isNotModified(headers, answer)) return reply.code(304).send();
      if (wantsJson(headers.accept, isEarlier(request))) {
        return reply.type(JSON_TYPE).send(entryJson(key, answer.value, answer));
      }
      return reply.type(BYTES_TYPE).send(payloadOf(answer.value));
    },
  );
}

/** Headers that an entry has whatever form it is given in. */
function describe(reply: FastifyReply, meta: EntryMeta): void {
  const headers = entryHeaders(meta);
  for (let at = 0; at < headers.length; at += 2) {
    reply.header(headers[at] as string, headers[at + 1]);
  }
  addVary(reply, 'accept');
}

function addDelete(app: HttpApp, context: HttpContext): void {
  app.delete(
    PATH,
    {
      config: { role: 'write', reach: 'session', op: OP_DELETE, isWrite: true },
      schema: {
        tags,
        summary: 'Delete an entry',
        params,
        headers: headersOf({ 'if-match': IF_MATCH }),
        response: responses(
          { 204: NO_CONTENT },
          ...[401, 403, 404, 412, 413, 415, 429, 503, 504, 507],
        ),
      },
    },
    async (request: FastifyRequest, reply) => {
      const key = keyOf(request);
      const condition = writeConditionOf(request.headers);
      let revision: number;
      try {
        revision = await storeFrontOf(context).delete(request.account, key, condition);
      } catch (thrown) {
        throw asPreconditionFailed(thrown);
      }
      if (revision === 0) throw notFound('there is no such key');
      return reply.code(204).send();
    },
  );
}

/** Headers are described, and read by hand: each has its own grammar. */
function headersOf(properties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  return { type: 'object', properties };
}
