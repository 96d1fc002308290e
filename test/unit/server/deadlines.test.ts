/** Requests that take too long: what they are answered, and what becomes of their work. */

import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { packValue } from '../../../src/protocol/packr.ts';
import { type CaskServer, listen, type ServerLimits } from '../../../src/server/index.ts';
import type { Patience } from '../../../src/storage/patience.ts';
import type { ReplySink } from '../../../src/storage/reply-sink.ts';
import type { Session } from '../../../src/storage/session.ts';
import { pageOfEntries } from '../../fixtures/page-of-entries.ts';
import { MemoryStore } from './memory-store.ts';
import { frame, request, WireClient } from './wire-client.ts';

/** Of tests in which only the alarm can be in time. */
const NEVER_MS = 600_000;
/** Of what is to be begun and then too late: longer than a busy machine takes to begin it. */
const SHORT_MS = 300;

/** On a machine that is busy with other things. */
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 60_000 });

let store: MemoryStore;
let server: CaskServer;
let client: WireClient;
let sink: ReplySink;

/** @param adapt changes the session that the client gets */
async function start(
  limits: Partial<ServerLimits> = {},
  adapt: (session: Session) => void = () => {},
): Promise<void> {
  store = new MemoryStore();
  const openSession = store.openSession.bind(store);
  store.openSession = (given) => {
    sink = given;
    const session = openSession(given);
    adapt(session);
    return session;
  };
  const identity = { version: '0', serverId: 'test' };
  const quick = { sweepIntervalMs: 10, lingerMs: 100, ...limits };
  server = await listen({ store, host: '127.0.0.1', port: 0, identity, limits: quick });
  client = await WireClient.greeted(server.address.port);
}

/** A request with a deadline. */
function hurried(ms: number, id: number, op: number, ...args: unknown[]): Buffer {
  return frame(packValue([id, op, { d: ms }, ...args] as never));
}

afterEach(async () => {
  await client.close();
  await eventually(() => expect(server.stats().connectionsOpen).toBe(0));
  expect(server.load.requests.current).toBe(0);
  await server.close();
});

test('a read that takes too long is TIMEOUT, and its id may be used again', async () => {
  await start({ requestTimeoutMs: SHORT_MS });
  store.put('k', Buffer.from('v'));
  store.holding = true;
  client.send(request(2, 3, 'k'));
  const { body } = await client.next();
  expect([body[0], body[1], body[2], body[4]]).toEqual([2, 42, 'TIMEOUT', true]);
  expect(body[5]).toEqual({ limitName: 'requestTimeoutMs', limit: SHORT_MS });
  expect(server.limitFigures()['requestTimeoutMs']).toEqual({ limit: SHORT_MS, reached: 1 });
  expect(server.stats()).toMatchObject({ requestsLate: 1, requests: { GET: 1 } });
  // what follows is not to be late
  server.reconfigure({ requestTimeoutMs: NEVER_MS });
  // the work goes on, and counts; a new request with this id does not get its answer
  expect(server.load.requests.current).toBe(1);
  const [late] = store.held.splice(0);
  client.send(request(2, 3, 'other'));
  await eventually(() => expect(store.held.length).toBe(1));
  late?.();
  expect(server.load.requests.current).toBe(1);
  store.release();
  expect((await client.next()).body).toEqual([2, 0, null]);
  expect((await client.ask(3, 3, 'k')).slice(0, 3)).toEqual([3, 0, Buffer.from('v')]);
});

test('a write that takes too long is OUTCOME_UNKNOWN, for it may still be', async () => {
  await start({ requestTimeoutMs: SHORT_MS });
  store.holding = true;
  client.send(request(2, 5, 'k', 'v'), request(3, 6, 'x'));
  const answers = [(await client.next()).body, (await client.next()).body];
  expect(answers.map((body) => [body[0], body[1], body[2], body[4]])).toEqual([
    [2, 41, 'OUTCOME_UNKNOWN', false],
    [3, 41, 'OUTCOME_UNKNOWN', false],
  ]);
  server.reconfigure({ requestTimeoutMs: NEVER_MS });
  store.release();
  expect((await client.ask(4, 7, 'k')).slice(0, 3)).toEqual([4, 0, true]);
});

test('a deadline does not wait for the sweep', async () => {
  await start({ sweepIntervalMs: 3_600_000, requestTimeoutMs: NEVER_MS });
  store.holding = true;
  client.send(hurried(40, 2, 3, 'k'), hurried(20, 3, 3, 'k'), request(4, 3, 'k'));
  const late = [(await client.next()).body, (await client.next()).body];
  expect(late.map(([id, code]) => [id, code]).sort()).toEqual([
    [2, 42],
    [3, 42],
  ]);
  store.release();
  expect((await client.next()).body).toEqual([4, 0, null]);
});

test('a deadline only shortens', async () => {
  await start({ requestTimeoutMs: 50 });
  store.holding = true;
  client.send(hurried(NEVER_MS, 2, 3, 'k'));
  expect((await client.next()).body.slice(0, 3)).toEqual([2, 42, 'TIMEOUT']);
});

test('a request whose deadline is over before its turn comes is not begun', async () => {
  await start({ maxInFlight: 1 });
  store.holding = true;
  client.send(request(2, 3, 'k'), hurried(20, 3, 5, 'k', 'v'), request(4, 5, 'l', 'v'));
  await eventually(() => expect(store.held.length).toBe(1));
  await delay(40);
  store.release();
  expect((await client.next()).body.slice(0, 2)).toEqual([2, 0]);
  const { body } = await client.next();
  expect([body[0], body[1], body[4]]).toEqual([3, 42, true]);
  expect((await client.next()).body.slice(0, 2)).toEqual([4, 0]);
  expect([...store.entries.keys()]).toEqual(['l']);
});

test('a page that takes too long is told so, and stops', async () => {
  let told: Patience | undefined;
  const ended = Promise.withResolvers<void>();
  await start({ sweepIntervalMs: 3_600_000 }, (session) => {
    session.page = async (_: object, patience?: Patience) => {
      told = patience;
      await ended.promise;
      return pageOfEntries([], false);
    };
  });
  client.send(hurried(SHORT_MS, 2, 10));
  expect((await client.next()).body.slice(0, 3)).toEqual([2, 42, 'TIMEOUT']);
  expect(told).toEqual({ over: true, sequenced: false });
  expect(server.load.requests.current).toBe(1);
  ended.resolve();
  await eventually(() => expect(server.load.requests.current).toBe(0));
  expect((await client.ask(2, 2)).slice(0, 2)).toEqual([2, 0]);
});

test.each([
  [false, [42, 'TIMEOUT']],
  [true, [41, 'OUTCOME_UNKNOWN']],
] as const)('a batch that takes too long; sequenced: %s', async (isSequenced, expected) => {
  const ended = Promise.withResolvers<void>();
  await start({ requestTimeoutMs: SHORT_MS }, (session) => {
    session.batch = async (_, patience) => {
      if (patience !== undefined) patience.sequenced = isSequenced;
      await ended.promise;
      return [];
    };
  });
  client.send(request(2, 9, [[1, 'k']]));
  expect((await client.next()).body.slice(1, 3)).toEqual(expected);
  ended.resolve();
});

test.each([false, true])('CANCEL of a batch; sequenced: %s', async (isSequenced) => {
  const ended = Promise.withResolvers<void>();
  let told: Patience | undefined;
  await start({}, (session) => {
    session.batch = async (_, patience) => {
      told = patience;
      if (patience !== undefined) patience.sequenced = isSequenced;
      await ended.promise;
      return [];
    };
  });
  client.send(request(2, 9, [[1, 'k']]), request(3, 14, 2));
  if (!isSequenced) expect((await client.next()).body.slice(0, 3)).toEqual([2, 43, 'CANCELLED']);
  expect((await client.next()).body).toEqual([3, 0, true]);
  expect(told?.over).toBe(!isSequenced);
  ended.resolve();
  if (isSequenced) expect((await client.next()).body).toEqual([2, 0, []]);
  await eventually(() => expect(server.load.requests.current).toBe(0));
});

test('a write that waits to be sequenced is dropped when it is too late', async () => {
  let token = -1;
  await start({ requestTimeoutMs: SHORT_MS }, (session) => {
    session.put = (...args) => {
      token = args[8];
      sink.onDeferred?.(token);
    };
  });
  client.send(request(2, 5, 'k', 'v'));
  expect((await client.next()).body.slice(0, 3)).toEqual([2, 42, 'TIMEOUT']);
  expect(server.load.requests.current).toBe(1);
  expect(sink.mayBegin?.(token)).toBe(false);
  await eventually(() => expect(server.load.requests.current).toBe(0));
});

test('a merge has all the time that it needs, unless its request says otherwise', async () => {
  await start({ requestTimeoutMs: 20 });
  const merged = Promise.withResolvers<void>();
  store.mergeGate = merged.promise;
  client.send(request(2, 13), hurried(SHORT_MS, 3, 13));
  expect((await client.next()).body.slice(0, 3)).toEqual([3, 41, 'OUTCOME_UNKNOWN']);
  merged.resolve();
  expect((await client.next()).body.slice(0, 2)).toEqual([2, 0]);
});

test('what was given up counts as in flight until it is over', async () => {
  await start({ requestTimeoutMs: SHORT_MS, maxInFlight: 2 });
  store.holding = true;
  client.send(request(2, 3, 'k'), request(3, 3, 'k'), request(4, 3, 'k'));
  expect((await client.next()).body[0]).toBe(2);
  expect((await client.next()).body[0]).toBe(3);
  await delay(50);
  expect(store.held.length).toBe(2);
  server.reconfigure({ requestTimeoutMs: NEVER_MS });
  store.release();
  expect((await client.next()).body).toEqual([4, 0, null]);
});

test('a client that leaves ends the patience of what it asked for', async () => {
  let told: Patience | undefined;
  const ended = Promise.withResolvers<void>();
  await start({}, (session) => {
    session.count = async (_, patience) => {
      told = patience;
      await ended.promise;
      return 0;
    };
  });
  client.send(request(2, 8));
  await eventually(() => expect(told?.over).toBe(false));
  client.socket.resetAndDestroy();
  await eventually(() => expect(told?.over).toBe(true));
  ended.resolve();
});
