/** The messages of test/golden/protocol.json: how each is written, and what its body means. */

import { CaskError } from '../../../src/errors/cask-error.ts';
import { type HelloReply, helloReplyMap } from '../../../src/protocol/hello.ts';
import {
  DELETE_RANGE_ALL,
  DELETE_RANGE_PROGRESS,
  OP_BACKUP,
  OP_CANCEL,
  OP_CLIENTS,
  OP_CONFIG,
  OP_JOBS,
  OP_MERGE,
  OP_PING,
  OP_SCRUB,
  OP_SLOW_LOG,
  OP_STATS,
  OP_SYNC,
} from '../../../src/protocol/op-codes.ts';
import type { OutputBuffer } from '../../../src/protocol/output-buffer.ts';
import { encodePreamble } from '../../../src/protocol/preamble.ts';
import {
  PUSH_DISCONNECT,
  PUSH_GOAWAY,
  PUSH_PING,
  PUSH_PROGRESS,
} from '../../../src/protocol/push-kinds.ts';
import * as reply from '../../../src/protocol/reply-writer.ts';
import * as request from '../../../src/protocol/request-writer.ts';
import { INT64_MAX, INT64_MIN } from '../../../src/vocabulary/integer-text.ts';
import {
  CONDITION_IF_ABSENT,
  CONDITION_IF_PRESENT,
  CONDITION_NONE,
  expiringAt,
  TTL_KEEP,
  TTL_NONE,
} from '../../../src/vocabulary/write-arguments.ts';
import { pageOfEntries } from '../../fixtures/page-of-entries.ts';

export type Direction = 'client' | 'server' | 'both';

export interface GoldenCase {
  readonly name: string;
  /** Who sends it. */
  readonly direction: Direction;
  readonly encode: (out: OutputBuffer) => void;
  /** The body as plain values; undefined for the preamble. Bytes as Buffers. */
  readonly body: readonly unknown[] | undefined;
}

const REVISION = 0x1_0000_0007;
const CREATED = 1_767_225_600_000;
const UPDATED = 1_767_225_601_234;
const EXPIRES = 1_767_225_661_234;

const META = { revision: REVISION, version: 2, createdAt: CREATED, updatedAt: UPDATED };
const key = Buffer.from('user:1');
const value = Buffer.from('Ada');

export const HELLO: HelloReply = {
  server: 'caskd',
  version: '0.1.0',
  serverId: '7f1c',
  clientId: 5,
  limits: {
    maxFrameBytes: 67_108_864,
    maxKeyBytes: 65_535,
    maxValueBytes: 16_777_216,
    maxBatchItems: 10_000,
    maxBatchBytes: 33_554_432,
    maxRangeItems: 10_000,
    maxRangeBytes: 4_194_304,
    maxInFlight: 1024,
    idleTimeoutMs: 600_000,
  },
  auth: false,
  tls: false,
  epoch: 1,
  now: CREATED,
};

const corrupt = new CaskError('CORRUPT', 'checksum of segment 3');
/** What is not known of a job is left out. */
const JOB_ON_WIRE = {
  id: 3,
  kind: 'delete-range',
  state: 'running',
  unit: 'keys',
  done: 5000,
  total: 1_000_000,
  startedAt: CREATED,
  ms: 70,
};
const JOB = { ...JOB_ON_WIRE, error: undefined, result: undefined };
const conflict = new CaskError('CONFLICT', 'the key exists', { details: { revision: 41 } });

const ADA = { user: 'ada', password: 'Lovelace1815' };

const CLIENT = {
  ...{ id: 7, address: '127.0.0.1:50000', name: 'app', state: 'open', connectedAt: CREATED },
  ...{ idleMs: 1000, requests: 12, bytesIn: 900, bytesOut: 70_000, inFlight: 0, pendingBytes: 0 },
  lastOperation: 'GET',
};
/** As CONFIG tells of it. */
const SETTING = {
  name: 'syncIntervalMs',
  value: 500,
  text: '500',
  origin: 'environment',
  place: 'CASKD_SYNC_INTERVAL_MS',
  default: '1000',
  allowed: '1 to 3600000',
  reloadable: true,
  section: 'Durability and segments',
};

const SLOW = {
  ...{ id: 3, at: UPDATED, ms: 12.5, operation: 'PUT', clientId: 7, address: '127.0.0.1:50000' },
  ...{ client: 'app', requests: 2, bytesIn: 4096, bytesOut: 0, keyBytes: 17, items: 0 },
};

const greeting: GoldenCase[] = [
  {
    name: 'preamble',
    direction: 'both',
    encode: (out) => out.append(encodePreamble()),
    body: undefined,
  },
  {
    name: 'HELLO request',
    direction: 'client',
    encode: (out) => request.encodeHelloRequest(out, 1, { client: 'app', version: '0.1.0' }),
    body: [1, 1, null, { client: 'app', version: '0.1.0' }],
  },
  {
    name: 'HELLO request, auth',
    direction: 'client',
    encode: (out) =>
      request.encodeHelloRequest(out, 1, { client: 'app', version: '0.1.0', auth: ADA }),
    body: [1, 1, null, { client: 'app', version: '0.1.0', auth: ADA }],
  },
  {
    name: 'HELLO reply',
    direction: 'server',
    encode: (out) => reply.encodeReply(out, 1, [helloReplyMap(HELLO)]),
    body: [1, 0, HELLO],
  },
];

/** A request whose arguments are plain values. */
function plain(name: string, id: number, op: number, args: (string | number | Buffer)[]) {
  const encode = (out: OutputBuffer) => request.encodeRequest(out, id, op, args);
  return { name, direction: 'client', encode, body: [id, op, null, ...args] } as const;
}

function from(
  name: string,
  body: readonly unknown[],
  encode: (out: OutputBuffer) => void,
): GoldenCase {
  return { name, direction: 'client', encode, body };
}

function back(
  name: string,
  body: readonly unknown[],
  encode: (out: OutputBuffer) => void,
): GoldenCase {
  return { name, direction: 'server', encode, body };
}

const bin = (text: string) => Buffer.from(text);

const requests: GoldenCase[] = [
  plain('PING request', 2, OP_PING, []),
  plain('PING request, payload', 3, OP_PING, [bin('hi')]),
  from('GET request', [4, 3, null, key], (out) => request.encodeGet(out, 4, key)),
  from('GET request, string key', [4, 3, null, bin('clé')], (out) =>
    request.encodeGet(out, 4, 'clé'),
  ),
  from('GET request, deadline', [70_000, 3, { d: 250 }, key], (out) =>
    request.encodeGet(out, 70_000, key, 250),
  ),
  from('GET_MANY request', [5, 4, null, [key, bin('b')]], (out) =>
    request.encodeGetMany(out, 5, [key, 'b']),
  ),
  from('PUT request', [6, 5, null, key, value], (out) =>
    request.encodePut(out, 6, key, value, CONDITION_NONE, TTL_NONE),
  ),
  from('PUT request, if absent', [7, 5, null, key, value, false], (out) =>
    request.encodePut(out, 7, key, value, CONDITION_IF_ABSENT, TTL_NONE),
  ),
  from('PUT request, if revision, ttl', [8, 5, null, key, value, REVISION, 60_000], (out) =>
    request.encodePut(out, 8, key, value, REVISION, 60_000),
  ),
  from('PUT request, empty value, keep ttl', [9, 5, null, key, bin(''), null, true], (out) =>
    request.encodePut(out, 9, key, '', CONDITION_NONE, TTL_KEEP),
  ),
  from('DELETE request', [10, 6, null, key], (out) =>
    request.encodeDelete(out, 10, key, CONDITION_NONE),
  ),
  from('DELETE request, if present', [11, 6, null, key, true], (out) =>
    request.encodeDelete(out, 11, key, CONDITION_IF_PRESENT),
  ),
  from('EXISTS request', [12, 7, null, key], (out) => request.encodeExists(out, 12, key)),
  from('INCR request', [29, 23, null, key], (out) => request.encodeIncr(out, 29, key, 1)),
  from('INCR request, by', [30, 23, null, key, -3], (out) => request.encodeIncr(out, 30, key, -3)),
  from('INCR request, by less than a number holds', [31, 23, null, key, INT64_MIN], (out) =>
    request.encodeIncr(out, 31, key, INT64_MIN),
  ),
  from('TOUCH request', [32, 24, null, key, 60_000], (out) =>
    request.encodeTouch(out, 32, key, 60_000),
  ),
  from('TOUCH request, at a time', [33, 24, null, key, null, EXPIRES], (out) =>
    request.encodeTouch(out, 33, key, expiringAt(EXPIRES)),
  ),
  from('PERSIST request', [34, 25, null, key], (out) => request.encodePersist(out, 34, key)),
  from('TTL request', [35, 26, null, key], (out) => request.encodeTtl(out, 35, key)),
  from('GET_AND_DELETE request', [36, 27, null, key], (out) =>
    request.encodeGetAndDelete(out, 36, key),
  ),
  from('COUNT request', [13, 8, null], (out) => request.encodeCount(out, 13, {})),
  from('COUNT request, of a range', [22, 8, null, bin('a'), null, bin('ab')], (out) =>
    request.encodeCount(out, 22, { start: 'a', prefix: 'ab' }),
  ),
  from('DELETE_RANGE request', [23, 16, null, bin('a'), bin('b'), null, 0], (out) =>
    request.encodeDeleteRange(out, 23, { start: 'a', end: 'b' }, 0),
  ),
  from(
    'DELETE_RANGE request, prefix, progress',
    [24, 16, null, null, null, bin('user:'), 2],
    (out) => request.encodeDeleteRange(out, 24, { prefix: 'user:' }, DELETE_RANGE_PROGRESS),
  ),
  from('DELETE_RANGE request, all', [25, 16, null, null, null, null, 1], (out) =>
    request.encodeDeleteRange(out, 25, {}, DELETE_RANGE_ALL),
  ),
  plain('JOBS request', 26, OP_JOBS, ['list']),
  plain('JOBS request, status', 27, OP_JOBS, ['status', 3]),
  plain('JOBS request, cancel', 28, OP_JOBS, ['cancel', 3]),
  from(
    'BATCH request',
    [
      14,
      9,
      null,
      [
        [0, key, value, true, 60_000],
        [1, bin('b'), 7],
        [1, bin('c')],
      ],
    ],
    (out) =>
      request.encodeBatch(out, 14, [
        { type: 'put', key, value, ifPresent: true, ttlMs: 60_000 },
        { type: 'delete', key: 'b', ifRevision: 7 },
        { type: 'delete', key: 'c' },
      ]),
  ),
  from('RANGE request', [15, 10, null, bin('a'), bin('z'), null, null, 100, 0], (out) =>
    request.encodeRange(out, 15, { start: 'a', end: 'z', limit: 100 }),
  ),
  from(
    'RANGE request, next page, reverse, keys only',
    [16, 10, null, null, null, bin('user:'), bin('user:5'), null, 3],
    (out) =>
      request.encodeRange(out, 16, {
        prefix: 'user:',
        after: 'user:5',
        reverse: true,
        keysOnly: true,
      }),
  ),
  plain('STATS request', 17, OP_STATS, []),
  plain('SYNC request', 18, OP_SYNC, []),
  plain('MERGE request', 19, OP_MERGE, []),
  plain('MERGE request, status', 20, OP_MERGE, ['status']),
  plain('CANCEL request', 21, OP_CANCEL, [15]),
  from('AUTH request', [22, 15, null, ADA.user, ADA.password], (out) =>
    request.encodeAuth(out, 22, ADA),
  ),
  plain('CLIENTS request', 23, OP_CLIENTS, []),
  plain('CLIENTS request, next page', 24, OP_CLIENTS, ['list', 500, 100]),
  plain('CLIENTS request, kill', 25, OP_CLIENTS, ['kill', 7]),
  plain('SLOW_LOG request', 26, OP_SLOW_LOG, ['get', 20]),
  plain('SLOW_LOG request, reset', 27, OP_SLOW_LOG, ['reset']),
  plain('CONFIG request', 28, OP_CONFIG, ['get']),
  plain('CONFIG request, one setting', 29, OP_CONFIG, ['get', 'syncIntervalMs']),
  plain('CONFIG request, set', 30, OP_CONFIG, ['set', 'syncIntervalMs', '500']),
  plain('SCRUB request', 35, OP_SCRUB, []),
  plain('SCRUB request, run', 36, OP_SCRUB, ['run', 1048576]),
  plain('BACKUP request', 33, OP_BACKUP, []),
  {
    ...plain('BACKUP request, all arguments', 34, OP_BACKUP, ['/b', 7, 3]),
    encode: (out) =>
      request.encodeBackup(out, 34, { directory: '/b', keep: 7, copies: true, full: true }),
  },
];

const replies: GoldenCase[] = [
  back('PING reply', [3, 0, bin('hi'), CREATED], (out) =>
    reply.encodePingReply(out, 3, bin('hi'), CREATED),
  ),
  back('GET reply', [4, 0, value, REVISION, 2, CREATED, UPDATED, EXPIRES], (out) =>
    reply.encodeValueReply(out, 4, {
      buffer: Buffer.from('..Ada..'),
      valueStart: 2,
      valueBytes: 3,
      ...META,
      expiresAt: EXPIRES,
    }),
  ),
  back('GET reply, no such key', [4, 0, null], (out) => reply.encodeAbsentReply(out, 4)),
  back(
    'GET_MANY reply',
    [
      5,
      0,
      [
        [value, REVISION, 2, CREATED, UPDATED, null],
        null,
        [null, 9, 1, CREATED, null, null, [60, 'CORRUPT', 'checksum of segment 3']],
      ],
    ],
    (out) =>
      reply.encodeGetManyReply(out, 5, [
        { key, value, ...META, expiresAt: undefined },
        undefined,
        { key, revision: 9, version: 1, createdAt: CREATED, expiresAt: undefined, error: corrupt },
      ]),
  ),
  back('PUT reply', [6, 0, REVISION, 2, CREATED, UPDATED, null], (out) =>
    reply.encodePutReply(out, 6, { ...META, expiresAt: 0 }),
  ),
  back('DELETE reply', [10, 0, true, 300], (out) => reply.encodeDeleteReply(out, 10, 300)),
  back('DELETE reply, nothing there', [10, 0, false, null], (out) =>
    reply.encodeDeleteReply(out, 10, 0),
  ),
  back('INCR reply', [29, 0, 42, REVISION, 2, CREATED, UPDATED, EXPIRES], (out) =>
    reply.encodeIncrReply(out, 29, 42, { ...META, expiresAt: EXPIRES }),
  ),
  back('INCR reply, negative', [30, 0, -300, REVISION, 2, CREATED, UPDATED, null], (out) =>
    reply.encodeIncrReply(out, 30, -300, { ...META, expiresAt: 0 }),
  ),
  back('INCR reply, large', [31, 0, INT64_MAX, REVISION, 2, CREATED, UPDATED, null], (out) =>
    reply.encodeIncrReply(out, 31, INT64_MAX, { ...META, expiresAt: 0 }),
  ),
  back('TOUCH reply', [32, 0, true, 300], (out) => reply.encodeDeleteReply(out, 32, 300)),
  back('PERSIST reply, nothing to do', [34, 0, false, null], (out) =>
    reply.encodeDeleteReply(out, 34, 0),
  ),
  back('TTL reply', [35, 0, true, 60_000], (out) => reply.encodeTtlReply(out, 35, 60_000)),
  back('TTL reply, never', [35, 0, true, null], (out) =>
    reply.encodeTtlReply(out, 35, Number.POSITIVE_INFINITY),
  ),
  back('TTL reply, no such key', [35, 0, false, null], (out) =>
    reply.encodeTtlReply(out, 35, undefined),
  ),
  back('GET_AND_DELETE reply', [36, 0, value, REVISION], (out) =>
    reply.encodeTakenReply(out, 36, value, REVISION),
  ),
  back('GET_AND_DELETE reply, no such key', [36, 0, null, null], (out) =>
    reply.encodeTakenReply(out, 36, undefined, 0),
  ),
  back('EXISTS reply', [12, 0, true], (out) => reply.encodeBoolReply(out, 12, true)),
  back('COUNT reply', [13, 0, 1_000_000], (out) => reply.encodeCountReply(out, 13, 1_000_000)),
  back(
    'BATCH reply',
    [
      14,
      0,
      [
        [REVISION, 3],
        [null, null],
      ],
    ],
    (out) =>
      reply.encodeBatchReply(out, 14, [
        { revision: REVISION, version: 3 },
        { revision: undefined, version: undefined },
      ]),
  ),
  back('RANGE reply', [15, 0, [[key, value, 9, 1, CREATED, UPDATED, EXPIRES]], true], (out) =>
    reply.encodeRangeReply(
      out,
      15,
      pageOfEntries(
        [
          {
            key,
            value,
            revision: 9,
            version: 1,
            createdAt: CREATED,
            updatedAt: UPDATED,
            expiresAt: EXPIRES,
          },
        ],
        true,
      ),
    ),
  ),
  back(
    'RANGE reply, keys only',
    [16, 0, [[key, null, 9, 1, CREATED, null, null, null, 300]], false],
    (out) =>
      reply.encodeRangeReply(
        out,
        16,
        pageOfEntries(
          [
            {
              key,
              valueBytes: 300,
              revision: 9,
              version: 1,
              createdAt: CREATED,
              expiresAt: undefined,
            },
          ],
          false,
        ),
      ),
  ),
  back(
    'RANGE reply, damaged entry',
    [
      15,
      0,
      [[key, null, 9, 1, CREATED, null, null, [60, 'CORRUPT', 'checksum of segment 3']]],
      false,
    ],
    (out) =>
      reply.encodeRangeReply(
        out,
        15,
        pageOfEntries(
          [
            {
              key,
              revision: 9,
              version: 1,
              createdAt: CREATED,
              expiresAt: undefined,
              error: corrupt,
            },
          ],
          false,
        ),
      ),
  ),
  back('STATS reply', [17, 0, { keys: 3, bytes: 5_000_000_000, ratio: 0.5 }], (out) =>
    reply.encodeReply(out, 17, [{ keys: 3, bytes: 5_000_000_000, ratio: 0.5 }]),
  ),
  back('SYNC reply', [18, 0, 12], (out) => reply.encodeSyncReply(out, 18, 12)),
  back(
    'MERGE reply',
    [19, 0, { inputs: 2, outputs: 1, bytesBefore: 900, bytesAfter: 300, ms: 12 }],
    (out) =>
      reply.encodeReply(out, 19, [
        { inputs: 2, outputs: 1, bytesBefore: 900, bytesAfter: 300, ms: 12 },
      ]),
  ),
  back('DELETE_RANGE reply', [23, 0, 1_000_000, REVISION], (out) =>
    reply.encodeDeleteRangeReply(out, 23, { deleted: 1_000_000, revision: REVISION }),
  ),
  back('DELETE_RANGE reply, nothing there', [24, 0, 0, null], (out) =>
    reply.encodeDeleteRangeReply(out, 24, { deleted: 0, revision: undefined }),
  ),
  back('JOBS reply', [26, 0, [JOB_ON_WIRE]], (out) => reply.encodeReply(out, 26, [[JOB]])),
  back('CANCEL reply', [21, 0, false], (out) => reply.encodeBoolReply(out, 21, false)),
  back('AUTH reply', [22, 0], (out) => reply.encodeReply(out, 22, [])),
  back('CLIENTS reply', [23, 0, [CLIENT], false], (out) =>
    reply.encodeReply(out, 23, [[CLIENT], false]),
  ),
  back('CLIENTS reply, kill', [25, 0, true], (out) => reply.encodeBoolReply(out, 25, true)),
  back('SLOW_LOG reply', [26, 0, [SLOW], 3], (out) => reply.encodeReply(out, 26, [[SLOW], 3])),
  back('CONFIG reply', [29, 0, [SETTING]], (out) => reply.encodeReply(out, 29, [[SETTING]])),
  back('CONFIG reply, set', [30, 0, SETTING], (out) => reply.encodeReply(out, 30, [SETTING])),
  back('SLOW_LOG reply, reset', [27, 0, 3], (out) => reply.encodeCountReply(out, 27, 3)),
  back('error', [7, 20, 'CONFLICT', 'the key exists', false, { revision: 41 }], (out) =>
    reply.encodeErrorReply(out, 7, conflict),
  ),
  back('error of the connection', [0, 102, 'BAD_FRAME', 'length 0', false, null], (out) =>
    reply.encodeErrorReply(out, 0, new CaskError('BAD_FRAME', 'length 0')),
  ),
];

const pushes: GoldenCase[] = [
  back('push PING', [0, 1, 77], (out) => reply.encodePush(out, PUSH_PING, [77])),
  back('push GOAWAY', [0, 2, 'shutting down', 10_000], (out) =>
    reply.encodePush(out, PUSH_GOAWAY, ['shutting down', 10_000]),
  ),
  back('push PROGRESS', [0, 4, 24, 5000, 1_000_000], (out) =>
    reply.encodePush(out, PUSH_PROGRESS, [24, 5000, 1_000_000]),
  ),
  back('push DISCONNECT', [0, 3, 105, 'SLOW_CONSUMER', 'replies are not read'], (out) =>
    reply.encodePush(out, PUSH_DISCONNECT, [105, 'SLOW_CONSUMER', 'replies are not read']),
  ),
];

export const GOLDEN_CASES: readonly GoldenCase[] = [
  ...greeting,
  ...requests,
  ...replies,
  ...pushes,
];

/** The vectors that stand in docs/protocol.md. */
export const DOCUMENTED: readonly string[] = [
  'preamble',
  'HELLO request',
  'HELLO request, auth',
  'GET request',
  'GET reply',
  'GET reply, no such key',
  'PUT request, if absent',
  'PUT request, if revision, ttl',
  'PUT reply',
  'DELETE reply, nothing there',
  'BATCH request',
  'DELETE_RANGE request, prefix, progress',
  'INCR request, by',
  'INCR reply',
  'TOUCH request, at a time',
  'TTL reply',
  'GET_AND_DELETE reply',
  'RANGE request',
  'RANGE reply, damaged entry',
  'error',
  'push GOAWAY',
  'push PROGRESS',
];
