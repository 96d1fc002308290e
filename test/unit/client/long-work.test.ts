/** Calls that last: deleting ranges, progress, stopping them; the jobs of a server. */

import { afterEach, beforeEach, expect, it } from 'vitest';
import { type CaskClient, connect } from '../../../src/client/index.ts';
import { CaskError } from '../../../src/errors/cask-error.ts';
import { OP_CANCEL, OP_DELETE_RANGE, OP_JOBS } from '../../../src/protocol/op-codes.ts';
import { PUSH_PROGRESS } from '../../../src/protocol/push-kinds.ts';
import * as reply from '../../../src/protocol/reply-writer.ts';
import { FakeServer } from './fake-server.ts';

let server: FakeServer;
let db: CaskClient;

beforeEach(async () => {
  server = await FakeServer.start();
  db = await connect({ port: server.port });
});

afterEach(async () => {
  await db.close();
  await server.stop();
});

function fill(...keys: string[]): void {
  for (const key of keys) server.values.set(key, Buffer.from('v'));
}

it('deletes what lies within, and says how much', async () => {
  fill('a', 'b1', 'b2', 'c');
  expect(await db.deletePrefix('b')).toEqual({ deleted: 2, revision: 101 });
  expect(await db.deleteRange({ start: 'x' })).toEqual({ deleted: 0, revision: undefined });
  expect(await db.count()).toBe(2);
  expect(await db.deleteRange({ all: true })).toMatchObject({ deleted: 2 });
});

it('keeps to its key space, whatever is asked for', async () => {
  fill('app:a', 'app:b', 'other');
  const app = await connect({ port: server.port, keyPrefix: 'app:' });
  await expect(app.deleteRange({})).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  await expect(app.deletePrefix('')).rejects.toMatchObject({ code: 'INVALID_OPTION' });
  expect((await app.deleteRange({ start: 'b' })).deleted).toBe(1);
  expect((await app.deleteRange({ all: true })).deleted).toBe(1);
  expect([...server.values.keys()]).toEqual(['other']);
  await app.close();
});

it('passes progress on, and only what is meant for the call', async () => {
  fill('b1');
  server.script = (request, { out }) => {
    if (request.op !== OP_DELETE_RANGE) return false;
    for (const items of [
      [request.id, 5, 9],
      [request.id, 7, null],
      [request.id, 'x'],
      [99, 1, 1],
    ]) {
      reply.encodePush(out, PUSH_PROGRESS, items);
    }
    return false;
  };
  const told: unknown[] = [];
  const onProgress = (...now: unknown[]): void => void told.push(now);
  await db.deletePrefix('b', { onProgress });
  expect(told).toEqual([
    [5, 9],
    [7, undefined],
    [0, 1],
  ]);
});

it('an aborted signal sends CANCEL, and the call ends with what the server says', async () => {
  let asked = 0;
  server.script = ({ op, id }, { out }) => {
    if (op === OP_DELETE_RANGE) {
      asked = id;
      return true;
    }
    if (op !== OP_CANCEL) return false;
    const details = { deleted: 7 };
    reply.encodeErrorReply(out, asked, new CaskError('CANCELLED', 'stopped', { details }));
    return false;
  };
  const stop = new AbortController();
  const deleting = db.deletePrefix('b', { signal: stop.signal });
  await db.ping();
  stop.abort();
  await expect(deleting).rejects.toMatchObject({ code: 'CANCELLED', details: { deleted: 7 } });
});

it('a signal that aborts before the request is sent keeps it from being sent', async () => {
  const aborted = db.deletePrefix('b', { signal: AbortSignal.abort() });
  await expect(aborted).rejects.toMatchObject({ code: 'CANCELLED' });
  await db.ping();
  expect(server.ops()).toEqual(['PING']);
});

it('a lost connection leaves open what became of it', async () => {
  server.script = ({ op }, peer) => {
    if (op === OP_DELETE_RANGE) peer.socket.destroy();
    return op === OP_DELETE_RANGE;
  };
  const deleting = db.deletePrefix('b');
  await expect(deleting).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  expect(server.ops()).toEqual(['DELETE_RANGE']);
});

it('lists jobs, and cancels them', async () => {
  const job = {
    id: 3,
    kind: 'scrub',
    state: 'running',
    unit: 'bytes',
    done: 1,
    startedAt: 9,
    ms: 2,
  };
  const asked: unknown[] = [];
  server.script = (request, { out }) => {
    if (request.op !== OP_JOBS) return false;
    const { action, numbers } = request.readAction(['list', 'status', 'cancel'], 'id');
    asked.push([action, ...numbers]);
    if (action === 'list') reply.encodeReply(out, request.id, [[job]]);
    else reply.encodeBoolReply(out, request.id, true);
    return true;
  };
  expect(await db.jobs()).toEqual([job]);
  expect(await db.cancelJob(3)).toBe(true);
  expect(asked).toEqual([
    ['list', undefined],
    ['cancel', 3],
  ]);
});
