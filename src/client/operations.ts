/** Every operation: how its request is written and its reply read. */

import type { HelloAuth } from '../protocol/hello.ts';
import type { PlainValue } from '../protocol/msgpack-writer.ts';
import {
  OP_AUTH,
  OP_BACKUP,
  OP_BATCH,
  OP_CLIENTS,
  OP_CONFIG,
  OP_COUNT,
  OP_DELETE,
  OP_DELETE_RANGE,
  OP_EXISTS,
  OP_GET,
  OP_GET_AND_DELETE,
  OP_GET_MANY,
  OP_INCR,
  OP_JOBS,
  OP_MERGE,
  OP_PERSIST,
  OP_PING,
  OP_PUT,
  OP_RANGE,
  OP_SCRUB,
  OP_SLOW_LOG,
  OP_STATS,
  OP_SYNC,
  OP_TOUCH,
  OP_TTL,
} from '../protocol/op-codes.ts';
import type { DecodedEntry, DecodedPage, ReplyReader } from '../protocol/reply-reader.ts';
import * as write from '../protocol/request-writer.ts';
import type { BackupRequest } from '../vocabulary/backup.ts';
import type {
  BatchItem,
  BatchItemResult,
  Bytes,
  CounterResult,
  DeleteRangeResult,
  KeyRange,
  RangeOptions,
} from '../vocabulary/entry.ts';
import type { ClientFacts, SlowEntry } from '../vocabulary/insight.ts';
import type { JobStatus } from '../vocabulary/job-status.ts';
import type { EntryMeta, PutResult } from './entry.ts';
import { bufferOf, textOf } from './output.ts';
import type { Operation } from './pending.ts';

/** Arguments of a put as the wire has them. */
export interface PutArguments {
  readonly key: Bytes;
  readonly value: Bytes;
  readonly condition: number;
  readonly ttlMs: number;
}

export interface DeleteArguments {
  readonly key: Bytes;
  readonly condition: number;
}

/** GET with everything known of the entry. */
export interface DecodedValue extends EntryMeta {
  readonly value: Buffer;
}

function metaOf(reply: ReplyReader): PutResult {
  reply.readMeta();
  const { revision, version, createdAt, updatedAt, expiresAt } = reply;
  return {
    revision,
    version,
    createdAt,
    updatedAt,
    expiresAt: expiresAt === 0 ? undefined : expiresAt,
  };
}

export const GET_BUFFER: Operation<Bytes, Buffer | undefined> = {
  op: OP_GET,
  kind: 'read',
  encode: write.encodeGet,
  decode: (reply) =>
    reply.readValue() ? bufferOf(reply.buffer, reply.valueStart, reply.valueBytes) : undefined,
};

export const GET_TEXT: Operation<Bytes, string | undefined> = {
  op: OP_GET,
  kind: 'read',
  encode: write.encodeGet,
  decode: (reply) =>
    reply.readValue() ? textOf(reply.buffer, reply.valueStart, reply.valueBytes) : undefined,
};

export const GET_ENTRY: Operation<Bytes, DecodedValue | undefined> = {
  op: OP_GET,
  kind: 'read',
  encode: write.encodeGet,
  decode: (reply) => {
    if (!reply.readValue()) return undefined;
    const value = bufferOf(reply.buffer, reply.valueStart, reply.valueBytes);
    return { value, ...metaOf(reply) };
  },
};

export const GET_MANY: Operation<readonly Bytes[], (DecodedEntry | undefined)[]> = {
  op: OP_GET_MANY,
  kind: 'read',
  encode: write.encodeGetMany,
  decode: (reply) => reply.readEntries(),
};

export const PUT: Operation<PutArguments, PutResult> = {
  op: OP_PUT,
  kind: 'write',
  encode: (out, id, { key, value, condition, ttlMs }, deadlineMs) =>
    write.encodePut(out, id, key, value, condition, ttlMs, deadlineMs),
  decode: metaOf,
};

/** The result is the revision, 0 when there was nothing to delete. */
export const DELETE: Operation<DeleteArguments, number> = {
  op: OP_DELETE,
  kind: 'write',
  encode: (out, id, { key, condition }, deadlineMs) =>
    write.encodeDelete(out, id, key, condition, deadlineMs),
  decode: (reply) => reply.readDelete(),
};

export interface IncrArguments {
  readonly key: Bytes;
  readonly by: number | bigint;
}

export const INCR: Operation<IncrArguments, CounterResult> = {
  op: OP_INCR,
  kind: 'write',
  encode: (out, id, { key, by }, deadlineMs) => write.encodeIncr(out, id, key, by, deadlineMs),
  decode: (reply) => ({ value: reply.readSum(), ...metaOf(reply) }),
};

export interface TouchArguments {
  readonly key: Bytes;
  readonly ttlMs: number;
}

export const TOUCH: Operation<TouchArguments, boolean> = {
  op: OP_TOUCH,
  kind: 'write',
  encode: (out, id, { key, ttlMs }, deadlineMs) =>
    write.encodeTouch(out, id, key, ttlMs, deadlineMs),
  decode: (reply) => reply.readDelete() !== 0,
};

export const PERSIST: Operation<Bytes, boolean> = {
  op: OP_PERSIST,
  kind: 'write',
  encode: write.encodePersist,
  decode: (reply) => reply.readDelete() !== 0,
};

export const TTL: Operation<Bytes, number | undefined> = {
  op: OP_TTL,
  kind: 'read',
  encode: write.encodeTtl,
  decode: (reply) => reply.readTtl(),
};

export const TAKE_BUFFER: Operation<Bytes, Buffer | undefined> = {
  op: OP_GET_AND_DELETE,
  kind: 'write',
  encode: write.encodeGetAndDelete,
  decode: GET_BUFFER.decode,
};

export const TAKE_TEXT: Operation<Bytes, string | undefined> = {
  op: OP_GET_AND_DELETE,
  kind: 'write',
  encode: write.encodeGetAndDelete,
  decode: GET_TEXT.decode,
};

export const EXISTS: Operation<Bytes, boolean> = {
  op: OP_EXISTS,
  kind: 'read',
  encode: write.encodeExists,
  decode: (reply) => reply.readBool(),
};

export const BATCH: Operation<readonly BatchItem[], BatchItemResult[]> = {
  op: OP_BATCH,
  kind: 'write',
  encode: write.encodeBatch,
  decode: (reply) => reply.readBatch(),
};

/** Without bounds, of all keys. */
export const COUNT: Operation<KeyRange, number> = {
  op: OP_COUNT,
  kind: 'read',
  encode: write.encodeCount,
  decode: (reply) => reply.readNumber(),
};

export interface DeleteRangeArguments {
  readonly range: KeyRange;
  /** DELETE_RANGE_ALL, DELETE_RANGE_PROGRESS */
  readonly flags: number;
}

export const DELETE_RANGE: Operation<DeleteRangeArguments, DeleteRangeResult> = {
  op: OP_DELETE_RANGE,
  kind: 'write',
  isStoppable: true,
  encode: (out, id, { range, flags }, deadlineMs) =>
    write.encodeDeleteRange(out, id, range, flags, deadlineMs),
  decode: (reply) => reply.readDeleteRange(),
};

export const RANGE: Operation<RangeOptions, DecodedPage> = {
  op: OP_RANGE,
  kind: 'read',
  encode: write.encodeRange,
  decode: (reply) => reply.readPage(),
};

/** An operation with plain arguments. */
function simple<R>(
  op: number,
  kind: 'read' | 'write',
  decode: (reply: ReplyReader) => R,
): Operation<readonly PlainValue[] | undefined, R> {
  return {
    op,
    kind,
    encode: (out, id, args, deadlineMs) => write.encodeRequest(out, id, op, args ?? [], deadlineMs),
    decode,
  };
}

/** User and password; may be sent again. */
export const AUTH: Operation<HelloAuth, undefined> = {
  op: OP_AUTH,
  kind: 'read',
  encode: write.encodeAuth,
  decode: () => undefined,
};

export const SYNC = simple(OP_SYNC, 'read', (reply) => reply.readNumber());
export const PING = simple(OP_PING, 'read', () => undefined);
export const STATS = simple(OP_STATS, 'read', (reply) => reply.readRest()[0]);
/** Run, pause, resume: not sent twice. */
export const MERGE = simple(OP_MERGE, 'write', (reply) => reply.readRest()[0]);
export const MERGE_STATUS = simple(OP_MERGE, 'read', (reply) => reply.readRest()[0]);

/** One page of clients. */
export const CLIENTS = simple(OP_CLIENTS, 'read', (reply) => {
  const [clients, more] = reply.readRest() as [ClientFacts[], boolean];
  return { clients, more };
});
/** Not sent twice: after a restart the id may be another client's. */
export const KILL_CLIENT = simple(OP_CLIENTS, 'write', (reply) => reply.readBool());
export const SLOW_LOG = simple(OP_SLOW_LOG, 'read', (reply) => {
  const [entries, slowRequests] = reply.readRest() as [SlowEntry[], number];
  return { entries, slowRequests };
});
export const RESET_SLOW_LOG = simple(OP_SLOW_LOG, 'write', (reply) => reply.readNumber());
/** Not sent twice. */
export const BACKUP: Operation<BackupRequest, unknown> = {
  op: OP_BACKUP,
  kind: 'write',
  encode: write.encodeBackup,
  decode: (reply) => reply.readRest()[0],
};
export const SCRUB_STATUS = simple(OP_SCRUB, 'read', (reply) => reply.readRest()[0]);
/** Not sent twice. */
export const SCRUB = simple(OP_SCRUB, 'write', (reply) => reply.readRest()[0]);
export const STOP_SCRUB = simple(OP_SCRUB, 'write', (reply) => reply.readBool());
export const CONFIG_GET = simple(OP_CONFIG, 'read', (reply) => reply.readRest()[0]);
export const CONFIG_SET = simple(OP_CONFIG, 'write', (reply) => reply.readRest()[0]);
export const JOBS = simple(OP_JOBS, 'read', (reply) => reply.readRest()[0] as JobStatus[]);
/** Not sent twice: after a restart the id may be another job's. */
export const CANCEL_JOB = simple(OP_JOBS, 'write', (reply) => reply.readBool());
