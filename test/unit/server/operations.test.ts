/** Each operation over a socket, in the form that docs/protocol.md gives it. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type CaskServer, listen } from '../../../src/server/index.ts';
import { MemoryStore } from './memory-store.ts';
import { HELLO, PREAMBLE, request, WireClient } from './wire-client.ts';

let store: MemoryStore;
let server: CaskServer;
let client: WireClient;

beforeEach(async () => {
  store = new MemoryStore();
  const identity = { version: '1.2.3', serverId: 'abc' };
  server = await listen({ store, host: '127.0.0.1', port: 0, identity });
  client = await WireClient.greeted(server.address.port);
});

afterEach(async () => {
  await client.close();
  await server.close();
});

const time = expect.any(Number);

test('HELLO tells who serves and every limit', async () => {
  const other = await WireClient.open(server.address.port);
  other.send(PREAMBLE, HELLO);
  const { body } = await other.next();
  const { maxFrameBytes } = server.limits;
  expect(body).toEqual([
    1,
    0,
    {
      server: 'caskd',
      version: '1.2.3',
      serverId: 'abc',
      clientId: 2,
      limits: { ...store.options, maxFrameBytes, maxInFlight: 4096, idleTimeoutMs: 600_000 },
      auth: false,
      tls: false,
      epoch: 1,
      now: time,
    },
  ]);
  await other.close();
});

test('preamble, HELLO and requests may come in one go', async () => {
  const other = await WireClient.open(server.address.port);
  other.send(PREAMBLE, HELLO, request(2, 2), request(3, 8));
  for (const id of [1, 2, 3]) expect((await other.next()).body.slice(0, 2)).toEqual([id, 0]);
  await other.close();
});

test('PING', async () => {
  expect(await client.ask(2, 2, 'hi')).toEqual([2, 0, Buffer.from('hi'), time]);
  expect(await client.ask(3, 2)).toEqual([3, 0, null, time]);
});

test('PUT, GET, EXISTS, DELETE', async () => {
  expect(await client.ask(2, 5, 'k', 'v')).toEqual([2, 0, 1, 1, time, time, null]);
  expect(await client.ask(3, 3, 'k')).toEqual([3, 0, Buffer.from('v'), 1, 1, time, time, null]);
  expect(await client.ask(4, 7, 'k')).toEqual([4, 0, true]);
  expect(await client.ask(5, 6, 'k')).toEqual([5, 0, true, 2]);
  expect(await client.ask(6, 6, 'k')).toEqual([6, 0, false, null]);
  expect(await client.ask(7, 3, 'k')).toEqual([7, 0, null]);
  expect(await client.ask(8, 7, 'k')).toEqual([8, 0, false]);
});

test('a CONFLICT carries the revision', async () => {
  await client.ask(2, 5, 'k', 'v');
  const reply = await client.ask(3, 5, 'k', 'w', 7);
  expect(reply).toEqual([3, 20, 'CONFLICT', 'not that revision', false, { revision: 1 }]);
});

test('GET_MANY keeps order, and ends early when the reply is large', async () => {
  await client.ask(2, 5, 'a', '1');
  expect(await client.ask(3, 4, ['b', 'a'])).toEqual([
    3,
    0,
    [null, [Buffer.from('1'), 1, 1, time, time, null]],
  ]);
  for (let index = 0; index < 5; index++) store.put(`big${index}`, Buffer.alloc(400_000));
  const keys = ['big0', 'big1', 'big2', 'big3', 'big4'];
  const [, , entries] = await client.ask(4, 4, keys);
  expect(entries).toHaveLength(2);
  store.put('huge', Buffer.alloc(2_000_000));
  expect((await client.ask(5, 4, ['huge', 'a']))[2]).toHaveLength(1);
  const many = Array.from({ length: 100 }, () => 'a');
  expect((await client.ask(6, 4, many))[2]).toHaveLength(100);
});

test('COUNT, BATCH, RANGE', async () => {
  const items = [
    [0, 'a', '1'],
    [0, 'b', '2'],
    [1, 'zz'],
  ];
  const batch = [
    [1, 1],
    [2, 1],
    [null, null],
  ];
  expect(await client.ask(2, 9, items)).toEqual([2, 0, batch]);
  expect(await client.ask(3, 8)).toEqual([3, 0, 2]);
  const first = [Buffer.from('a'), Buffer.from('1'), 1, 1, time, time, null];
  const page = await client.ask(4, 10, null, null, null, null, 1);
  expect(page).toEqual([4, 0, [first], true]);
  expect((await client.ask(5, 10, null, null, 'b'))[3]).toBe(false);
});

test('RANGE and COUNT answer LOADING while the index loads, the rest is served', async () => {
  store.indexReady = false;
  for (const op of [8, 10]) {
    expect((await client.ask(2, op)).slice(1, 3)).toEqual([21, 'LOADING']);
  }
  expect(await client.ask(3, 3, 'k')).toEqual([3, 0, null]);
});

test('STATS has the counters of store and server', async () => {
  await client.ask(2, 3, 'k');
  await client.ask(3, 99);
  const [, , stats] = await client.ask(4, 11);
  expect(stats).toMatchObject({
    keys: 0,
    server: {
      connectionsOpen: 1,
      connectionsAccepted: 1,
      requests: { HELLO: 1, GET: 1, STATS: 1, PUT: 0, unknown: 1 },
      errors: { UNKNOWN_OPERATION: 1 },
    },
  });
  const { bytesIn, bytesOut } = server.stats();
  expect(bytesIn).toBeGreaterThan(50);
  expect(bytesOut).toBeGreaterThan(200);
});

test('STATS tells how long requests took, those answered later included', async () => {
  store.holding = true;
  client.send(request(2, 5, 'k', 'v'), request(3, 5, 'k', 'v'));
  await vi.waitFor(() => expect(store.held.length).toBe(2));
  expect(server.stats().latency['PUT']).toBeUndefined();
  store.release();
  await client.next();
  await client.next();
  const { latency, slowRequests, uptimeMs } = server.stats();
  expect(latency['HELLO']?.count).toBe(1);
  expect(latency['PUT']).toMatchObject({ count: 2, recent: { count: 2 } });
  expect(latency['PUT']?.maxMs).toBeGreaterThanOrEqual(latency['PUT']?.p50Ms ?? Infinity);
  expect([slowRequests, uptimeMs]).toEqual([expect.any(Number), expect.any(Number)]);
  expect(server.latencies.histograms().get('PUT')?.count).toBe(2);
});

test('SYNC and MERGE', async () => {
  store.revision = 2 ** 40;
  expect(await client.ask(2, 12)).toEqual([2, 0, 2 ** 40]);
  const summary = { inputs: 2, outputs: 1, bytesBefore: 20, bytesAfter: 10, ms: 1 };
  expect(await client.ask(3, 13)).toEqual([3, 0, summary]);
  expect(await client.ask(4, 13, 'run')).toEqual([4, 0, summary]);
  expect((await client.ask(5, 13, 'pause'))[2]).toMatchObject({ state: 'idle', paused: true });
  expect((await client.ask(6, 13, 'resume'))[2]).toMatchObject({ paused: false });
  expect((await client.ask(7, 13, 'status'))[2]).toMatchObject({ paused: false });
});

test('CANCEL: exactly one reply to the request it names', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  store.mergeGate = promise;
  client.send(request(2, 13), request(3, 14, 2), request(4, 14, 2));
  expect((await client.next()).body.slice(0, 3)).toEqual([2, 43, 'CANCELLED']);
  expect((await client.next()).body).toEqual([3, 0, true]);
  expect((await client.next()).body).toEqual([4, 0, false]);
  resolve();
  expect((await client.ask(5, 2)).slice(0, 2)).toEqual([5, 0]);
  expect(client.messages).toEqual([]);
});

test('CANCEL leaves a batch alone', async () => {
  client.send(request(2, 9, [[0, 'k', 'v']]), request(3, 14, 2));
  const bodies = [(await client.next()).body, (await client.next()).body];
  expect(bodies).toContainEqual([3, 0, true]);
  expect(bodies).toContainEqual([2, 0, [[1, 1]]]);
});
