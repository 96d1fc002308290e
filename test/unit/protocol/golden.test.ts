/**
 * Golden vectors: the bytes of every message stay what they are. `UPDATE_GOLDEN=1` writes the
 * file and the table in docs/protocol.md anew; a changed line there is a changed protocol.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { FLAG_PUSH, FRAME_HEADER_BYTES, STATUS_OK } from '../../../src/protocol/frame.ts';
import { FrameParser } from '../../../src/protocol/frame-parser.ts';
import * as ops from '../../../src/protocol/op-codes.ts';
import { OutputBuffer } from '../../../src/protocol/output-buffer.ts';
import { unpackBody } from '../../../src/protocol/packr.ts';
import { decodePreamble } from '../../../src/protocol/preamble.ts';
import { ReplyReader } from '../../../src/protocol/reply-reader.ts';
import { encodeErrorReply } from '../../../src/protocol/reply-writer.ts';
import { RequestReader } from '../../../src/protocol/request-reader.ts';
import * as request from '../../../src/protocol/request-writer.ts';
import { DOCUMENTED, GOLDEN_CASES, type GoldenCase, HELLO } from './golden-cases.ts';

const FILE = new URL('../../golden/protocol.json', import.meta.url);
const DOC = new URL('../../../docs/protocol.md', import.meta.url);

interface Vector {
  readonly name: string;
  readonly direction: string;
  readonly hex: string;
  readonly message: unknown;
}

/** Bytes as `{bin: hex}`, everything else as JSON has it. */
function describeValue(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bin: Buffer.from(value).toString('hex') };
  if (typeof value === 'bigint') return { int: String(value) };
  if (Array.isArray(value)) return value.map(describeValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, it]) => [key, describeValue(it)]));
}

function encode(golden: GoldenCase): Buffer {
  const out = new OutputBuffer();
  golden.encode(out);
  return out.take() ?? Buffer.alloc(0);
}

function vectorOf(golden: GoldenCase): Vector {
  const message =
    golden.body === undefined ? { version: 1, features: 0 } : describeValue(golden.body);
  return {
    name: golden.name,
    direction: golden.direction,
    hex: encode(golden).toString('hex'),
    message,
  };
}

function documentTable(): string {
  const rows = DOCUMENTED.map((wanted) => {
    const golden = GOLDEN_CASES.find(({ name }) => name === wanted) as GoldenCase;
    const { name, hex, message } = vectorOf(golden);
    return `| ${name} | \`${hex}\` | \`${JSON.stringify(message)}\` |`;
  });
  return ['| message | hex | meaning |', '|---|---|---|', ...rows].join('\n');
}

if (process.env['UPDATE_GOLDEN'] === '1') {
  const lines = GOLDEN_CASES.map((golden) => JSON.stringify(vectorOf(golden)));
  writeFileSync(FILE, `[\n${lines.join(',\n')}\n]\n`);
  const doc = readFileSync(DOC, 'utf8');
  const table = /GOLDEN-VECTORS|\| message \| hex \| meaning \|\n(\|.*\n?)*/;
  writeFileSync(
    DOC,
    doc.replace(table, () => `${documentTable()}\n`),
  );
}

const vectors = JSON.parse(readFileSync(FILE, 'utf8')) as Vector[];

/** Reads a request with the hand-written reader and writes it again. */
function rewriteRequest(frame: Buffer): Buffer | undefined {
  const reader = new RequestReader();
  reader.open(frame, FRAME_HEADER_BYTES, frame.length);
  const { id, op, deadlineMs } = reader;
  const out = new OutputBuffer();
  const slice = (start: number, bytes: number) => frame.subarray(start, start + bytes);
  const keyed = (write: typeof request.encodeGet) => {
    reader.readKey();
    write(out, id, slice(reader.keyStart, reader.keyBytes), deadlineMs);
  };
  /** Written in full unless all of it is left out. */
  const action = (actions: readonly [string, ...string[]], ...names: string[]) => {
    const { action: wanted, numbers } = reader.readAction(actions, ...names);
    const given = numbers.filter((number) => number !== undefined);
    const isDefault = wanted === actions[0] && given.length === 0;
    request.encodeRequest(out, id, op, isDefault ? [] : [wanted, ...given]);
  };
  const writers: Record<number, () => void> = {
    [ops.OP_HELLO]: () => request.encodeHelloRequest(out, id, reader.readHello()),
    [ops.OP_PING]: () => {
      const payload = reader.readPing();
      request.encodeRequest(out, id, op, payload === undefined ? [] : [payload]);
    },
    [ops.OP_GET]: () => keyed(request.encodeGet),
    [ops.OP_EXISTS]: () => keyed(request.encodeExists),
    [ops.OP_INCR]: () => {
      const by = reader.readIncr();
      request.encodeIncr(out, id, slice(reader.keyStart, reader.keyBytes), by);
    },
    [ops.OP_TOUCH]: () => {
      reader.readTouch();
      request.encodeTouch(out, id, slice(reader.keyStart, reader.keyBytes), reader.ttlMs);
    },
    [ops.OP_PERSIST]: () => keyed(request.encodePersist),
    [ops.OP_TTL]: () => keyed(request.encodeTtl),
    [ops.OP_GET_AND_DELETE]: () => keyed(request.encodeGetAndDelete),
    [ops.OP_PUT]: () => {
      reader.readPut();
      const key = slice(reader.keyStart, reader.keyBytes);
      const value = slice(reader.valueStart, reader.valueBytes);
      request.encodePut(out, id, key, value, reader.condition, reader.ttlMs);
    },
    [ops.OP_DELETE]: () => {
      reader.readDelete();
      request.encodeDelete(out, id, slice(reader.keyStart, reader.keyBytes), reader.condition);
    },
    [ops.OP_GET_MANY]: () => request.encodeGetMany(out, id, reader.readKeys(10)),
    [ops.OP_BATCH]: () => request.encodeBatch(out, id, reader.readBatch(10)),
    [ops.OP_RANGE]: () => request.encodeRange(out, id, reader.readRange()),
    [ops.OP_COUNT]: () => request.encodeCount(out, id, reader.readCount()),
    [ops.OP_DELETE_RANGE]: () => {
      const { all, wantsProgress, ...range } = reader.readDeleteRange();
      const flags =
        (all ? ops.DELETE_RANGE_ALL : 0) | (wantsProgress ? ops.DELETE_RANGE_PROGRESS : 0);
      request.encodeDeleteRange(out, id, range, flags);
    },
    [ops.OP_JOBS]: () => {
      const { action, numbers } = reader.readAction(['list', 'status', 'cancel'], 'id');
      request.encodeRequest(out, id, op, [action, ...numbers.filter((it) => it !== undefined)]);
    },
    [ops.OP_CANCEL]: () => request.encodeRequest(out, id, op, [reader.readCancel()]),
    [ops.OP_AUTH]: () => request.encodeAuth(out, id, reader.readAuth()),
    [ops.OP_BACKUP]: () => request.encodeBackup(out, id, reader.readBackup()),
    [ops.OP_CLIENTS]: () => action(['list', 'kill'], 'id', 'limit'),
    [ops.OP_CONFIG]: () => {
      const { name, value } = reader.readConfig();
      const args = value === undefined ? ['get', name] : ['set', name, value];
      const given = args.filter((argument) => argument !== undefined);
      request.encodeRequest(out, id, op, given);
    },
    [ops.OP_SLOW_LOG]: () => action(['get', 'reset'], 'count'),
    [ops.OP_SCRUB]: () => action(['status', 'run', 'stop'], 'bytesPerSecond'),
    [ops.OP_MERGE]: () => {
      const action = reader.readMerge();
      request.encodeRequest(out, id, op, action === 'run' ? [] : [action]);
    },
  };
  const write = writers[op];
  if (write === undefined) {
    reader.readNothing();
    request.encodeRequest(out, id, op, []);
  } else {
    write();
  }
  return out.take();
}

/** What the hand-written reader makes of a reply, as the body's items after id and status. */
function readReply(name: string, reply: ReplyReader): unknown[] {
  const orNil = (time: number | undefined) => (time === undefined || time === 0 ? null : time);
  const meta = () => {
    reply.readMeta();
    const { revision, version, createdAt, updatedAt, expiresAt } = reply;
    return [revision, version, createdAt, updatedAt, orNil(expiresAt)];
  };
  const value = () => {
    if (!reply.readValue()) return [null];
    const { buffer, valueStart, valueBytes } = reply;
    return [buffer.subarray(valueStart, valueStart + valueBytes), ...meta()];
  };
  const entry = (it: ReturnType<ReplyReader['readEntries']>[number]) => {
    if (it === undefined) return null;
    const tail = [it.revision, it.version, it.createdAt, orNil(it.updatedAt), orNil(it.expiresAt)];
    const error = it.error === undefined ? [] : [[60, it.error.code, it.error.message]];
    const size = it.valueBytes === undefined ? [] : [null, it.valueBytes];
    return [
      ...(it.key === undefined ? [] : [it.key]),
      it.value ?? null,
      ...tail,
      ...error,
      ...size,
    ];
  };
  const done = () => {
    const revision = reply.readDelete();
    return [revision !== 0, orNil(revision)];
  };
  const readers: Record<string, () => unknown[]> = {
    GET: value,
    PUT: meta,
    HELLO: () => [reply.readHello()],
    DELETE: done,
    TOUCH: done,
    PERSIST: done,
    INCR: () => {
      const sum = reply.readSum();
      const short = Number(sum);
      return [Number.isSafeInteger(short) ? short : sum, ...meta()];
    },
    TTL: () => {
      const ttlMs = reply.readTtl();
      return [ttlMs !== undefined, ttlMs === Number.POSITIVE_INFINITY ? null : (ttlMs ?? null)];
    },
    DELETE_RANGE: () => {
      const { deleted, revision } = reply.readDeleteRange();
      return [deleted, orNil(revision)];
    },
    EXISTS: () => [reply.readBool()],
    COUNT: () => [reply.readNumber()],
    SYNC: () => [reply.readNumber()],
    CANCEL: () => [reply.readBool()],
    GET_MANY: () => [reply.readEntries().map(entry)],
    BATCH: () => [
      reply.readBatch().map(({ revision, version }) => [revision ?? null, version ?? null]),
    ],
    RANGE: () => {
      const { entries, more } = reply.readPage();
      return [entries.map(entry), more];
    },
  };
  const read = readers[name.split(' ')[0] ?? ''];
  return read === undefined ? reply.readRest() : read();
}

describe('golden vectors', () => {
  it('are those of the cases, in order', () => {
    expect(vectors.map(({ name }) => name)).toEqual(GOLDEN_CASES.map(({ name }) => name));
  });

  it.each(GOLDEN_CASES)('$name is written byte for byte', (golden) => {
    const vector = vectors.find(({ name }) => name === golden.name);
    expect(vectorOf(golden)).toEqual(vector);
  });

  it.each(vectors.slice(1))('$name means the same to msgpackr', ({ hex, message }) => {
    const frame = Buffer.from(hex, 'hex');
    const body = frame.subarray(FRAME_HEADER_BYTES);
    const packr = new Packr({ useRecords: false, int64AsType: 'auto' as 'number' });
    expect(describeValue(packr.unpack(body))).toEqual(message);
    expect(describeValue(unpackBody(frame, FRAME_HEADER_BYTES, frame.length))).toEqual(message);
  });

  it.each(vectors.filter(({ direction }) => direction === 'client'))(
    '$name is read by hand and written again',
    ({ hex }) => {
      expect(rewriteRequest(Buffer.from(hex, 'hex'))?.toString('hex')).toBe(hex);
    },
  );

  it.each(vectors.filter(({ direction }) => direction === 'server'))(
    '$name is read by hand',
    ({ name, hex, message }) => {
      const frame = Buffer.from(hex, 'hex');
      const parser = new FrameParser(1_000_000, FLAG_PUSH);
      parser.push(frame);
      expect(parser.next()).toBe(true);
      const reply = new ReplyReader();
      reply.open(parser.buffer, parser.start, parser.end);
      const body = message as unknown[];
      expect([reply.id, reply.status]).toEqual(body.slice(0, 2));
      expect(parser.flags === FLAG_PUSH).toBe(name.startsWith('push'));
      if (reply.status === STATUS_OK || parser.flags === FLAG_PUSH) {
        expect(describeValue(readReply(name, reply))).toEqual(body.slice(2));
        return;
      }
      const out = new OutputBuffer();
      encodeErrorReply(out, reply.id, reply.readError());
      expect(out.take()?.toString('hex')).toBe(hex);
    },
  );

  it('the preamble is read', () => {
    expect(decodePreamble(Buffer.from(vectors[0]?.hex ?? '', 'hex'))).toEqual(vectors[0]?.message);
  });

  it('a HELLO reply with unknown keys and missing limits is understood', () => {
    const golden = GOLDEN_CASES.find(({ name }) => name === 'HELLO reply') as GoldenCase;
    const frame = encode(golden);
    const reply = new ReplyReader();
    reply.open(frame, FRAME_HEADER_BYTES, frame.length);
    expect(reply.readHello()).toEqual(HELLO);
  });

  it('stand in docs/protocol.md', () => {
    const doc = readFileSync(DOC, 'utf8');
    const rows = [...doc.matchAll(/^\| ([^|]+) \| `([0-9a-f]+)` \| `(.+)` \|$/gm)];
    expect(rows.map(([, name]) => name)).toEqual(DOCUMENTED);
    for (const [, name, hex, meaning] of rows) {
      const vector = vectors.find((it) => it.name === name);
      expect(hex).toBe(vector?.hex);
      expect(JSON.parse(meaning ?? '')).toEqual(vector?.message);
    }
  });
});
