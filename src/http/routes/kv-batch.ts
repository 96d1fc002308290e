/** POST /v1/kv:batch, all or nothing, and POST /v1/kv:batchGet. */

import { limitError } from '../../errors/limit-error.ts';
import { OP_BATCH, OP_GET_MANY } from '../../protocol/op-codes.ts';
import type { DamagedEntry, Entry } from '../../storage/entry.ts';
import type { BatchItem, BatchItemResult, WriteCondition } from '../../vocabulary/entry.ts';
import type { HttpApp } from '../http-app.ts';
import { type HttpContext, servedOf, storeFrontOf } from '../http-context.ts';
import { anyEntryJson, joinedJson, keyMember } from '../kv/entry-json.ts';
import {
  type GivenKey,
  type GivenValue,
  givenBytes,
  keyBytesOf,
  valueBytesOf,
} from '../kv/given-value.ts';
import { isEarlier } from '../request-address.ts';
import {
  BATCH_FOUND_SCHEMA,
  BATCH_GET_SCHEMA,
  BATCH_RESULTS_SCHEMA,
  BATCH_SCHEMA,
} from '../schema/entry-schema.ts';
import { responses } from '../schema/responses.ts';
import { mapInTurns } from '../turn-taking.ts';

const tags = ['keys and values'];
const JSON_TYPE = 'application/json; charset=utf-8';

interface GivenItem extends GivenKey, GivenValue {
  readonly op?: 'put' | 'delete';
  readonly ttl_ms?: number;
  readonly if_absent?: boolean;
  readonly if_present?: boolean;
  readonly if_revision?: number;
}

type GivenBatch = readonly GivenItem[] | { readonly items: readonly GivenItem[] };

interface GivenKeys {
  readonly keys?: readonly string[];
  readonly keys_b64?: readonly string[];
}

export function addKvBatch(app: HttpApp, context: HttpContext): void {
  app.post<{ Body: GivenBatch }>(
    '/v1/kv::batch',
    {
      config: { role: 'write', reach: 'session', op: OP_BATCH, isWrite: true },
      bodyLimit: context.settings.maxBodyBytes,
      schema: {
        tags,
        summary: 'Write and delete several entries: all or nothing',
        operationId: 'batch',
        body: BATCH_SCHEMA,
        response: responses(
          { 200: BATCH_RESULTS_SCHEMA },
          ...[401, 403, 409, 413, 415, 422, 429, 503, 504, 507],
        ),
      },
    },
    async (request, reply) => {
      const { body, account, flight } = request;
      const given = 'items' in body ? body.items : body;
      requireFew(given.length, context);
      const items = await mapInTurns(given, itemOf);
      servedOf(context).server.counters.batchItems += items.length;
      const session = storeFrontOf(context).writes(account);
      const results = await session.batch(items, flight?.patience);
      let index = 0;
      const told = await mapInTurns(results, (result) => resultJson(items[index++], result));
      const array = `[${told.join(',')}]`;
      return reply.type(JSON_TYPE).send(isEarlier(request) ? array : `{"items":${array}}`);
    },
  );

  app.post<{ Body: GivenKeys }>(
    '/v1/kv::batchGet',
    {
      config: { role: 'read', reach: 'session', op: OP_GET_MANY },
      bodyLimit: context.settings.maxBodyBytes,
      schema: {
        tags,
        summary: 'Read several entries',
        operationId: 'batchGet',
        description: 'In the order of the keys: those of `keys`, then those of `keys_b64`.',
        body: BATCH_GET_SCHEMA,
        response: responses(
          { 200: BATCH_FOUND_SCHEMA },
          ...[401, 403, 413, 415, 422, 429, 503, 504],
        ),
      },
    },
    async ({ body, account, flight }, reply) => {
      const { keys = [], keys_b64: encoded = [] } = body;
      requireFew(keys.length + encoded.length, context);
      const wanted = [
        ...keys.map((key) => Buffer.from(key, 'utf8')),
        ...encoded.map((key) => givenBytes('keys_b64', key)),
      ];
      const session = storeFrontOf(context).reads(account);
      const found = await session.getMany(wanted, flight?.patience);
      const items = await joinedJson(
        found.map((entry, index) => [wanted[index] as Buffer, entry] as const),
        ([key, entry]) => foundJson(key, entry),
      );
      const head = `"count":${found.length},"has_more":${found.length < wanted.length}`;
      return reply.type(JSON_TYPE).send(`{${head},"items":[${items}]}`);
    },
  );
}

function requireFew(items: number, context: HttpContext): void {
  const { maxBatchItems } = servedOf(context).server.limits;
  if (items <= maxBatchItems) return;
  const message = `${items} items; the most of a batch is ${maxBatchItems}`;
  throw limitError('BATCH_TOO_LARGE', message, 'maxBatchItems', maxBatchItems);
}

function itemOf(given: GivenItem): BatchItem {
  const { op = 'put', ttl_ms: ttlMs } = given;
  const key = keyBytesOf(given);
  const condition: WriteCondition = {
    ifAbsent: given.if_absent,
    ifPresent: given.if_present,
    ifRevision: given.if_revision,
  };
  if (op === 'delete') return { type: 'delete', key, ...condition };
  return { type: 'put', key, value: valueBytesOf(given), ttlMs, ...condition };
}

function resultJson(item: BatchItem | undefined, result: BatchItemResult): string {
  const { revision = null, version = null } = result;
  const key = keyMember(item?.key as Buffer);
  return `{"op":"${item?.type}",${key},"revision":${revision},"version":${version}}`;
}

function foundJson(key: Buffer, entry: Entry | DamagedEntry | undefined): string {
  if (entry === undefined) return `{${keyMember(key)},"found":false}`;
  return `{"found":true,${anyEntryJson(entry).slice(1)}`;
}
