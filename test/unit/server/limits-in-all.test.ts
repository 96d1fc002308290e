/** What all connections hold together: waiting first, then BUSY, then the end, and figures of it. */

import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { type CaskServer, listen, type ServerLimits } from '../../../src/server/index.ts';
import { SERVER_LIMIT_NAMES } from '../../../src/server/limit-figures.ts';
import type { LimitFigure } from '../../../src/vocabulary/limit-figure.ts';
import { MemoryStore } from './memory-store.ts';
import { request, WireClient } from './wire-client.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

let store: MemoryStore;
let server: CaskServer;
const clients: WireClient[] = [];

async function start(limits: Partial<ServerLimits> = {}): Promise<void> {
  store = new MemoryStore();
  const stats = store.stats();
  store.stats = () => ({ ...stats, limits: {} });
  const identity = { version: '0', serverId: 'test' };
  const quick = { sweepIntervalMs: 10, lingerMs: 100, ...limits };
  server = await listen({ store, host: '127.0.0.1', port: 0, identity, limits: quick });
}

async function greeted(): Promise<WireClient> {
  const client = await WireClient.greeted(server.address.port);
  clients.push(client);
  return client;
}

function figure(name: string): LimitFigure {
  const found = server.limitFigures()[name];
  if (found === undefined) throw new Error(`there is no limit ${name}`);
  return found;
}

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await vi.waitFor(() => expect(server.stats().connectionsOpen).toBe(0));
  // whatever happened, nothing is counted any more
  const held = SERVER_LIMIT_NAMES.filter((name) => (figure(name).current ?? 0) !== 0);
  expect(held).toEqual([]);
  await server.close();
});

test('connections from one address', async () => {
  await start({ maxConnectionsPerAddress: 2 });
  await greeted();
  await greeted();
  const third = await WireClient.open(server.address.port);
  const { body } = await third.next();
  expect(body.slice(0, 3)).toEqual([0, 106, 'TOO_MANY_CONNECTIONS']);
  expect(body[5]).toEqual({ limitName: 'maxConnectionsPerAddress', limit: 2 });
  await third.ended;
  expect(figure('maxConnectionsPerAddress')).toEqual({ limit: 2, high: 2, reached: 1 });
  expect(figure('maxConnections')).toMatchObject({ current: 2, high: 2, reached: 0 });
});

test('clients that do not say who they are: a new one is refused, later the oldest goes', async () => {
  await start({ maxUnauthenticated: 2, handshakeTimeoutMs: 60_000 });
  const silent = [new WireClient(server.address.port), new WireClient(server.address.port)];
  clients.push(...silent);
  await vi.waitFor(() => expect(figure('maxUnauthenticated').current).toBe(2));
  const refused = await WireClient.open(server.address.port);
  expect((await refused.next()).body.slice(0, 3)).toEqual([0, 106, 'TOO_MANY_CONNECTIONS']);
  await delay(1000);
  const welcome = await greeted();
  expect((await welcome.ask(2, 2)).slice(0, 2)).toEqual([2, 0]);
  const ended = await Promise.race(silent.map((client) => client.ended.then(() => client)));
  expect(ended.messages[0]?.body.slice(0, 3)).toEqual([0, 42, 'TIMEOUT']);
  expect(ended.messages[0]?.body[5]).toMatchObject({ limitName: 'maxUnauthenticated' });
  expect(figure('maxUnauthenticated')).toEqual({ limit: 2, current: 1, high: 2, reached: 2 });
});

test('requests in flight: who has many waits, who has none is served', async () => {
  await start({ maxInFlightTotal: 100 });
  const greedy = await Promise.all(Array.from({ length: 4 }, greeted));
  const modest = await greeted();
  store.holding = true;
  for (const client of greedy) {
    client.send(Buffer.concat(Array.from({ length: 500 }, (_, id) => request(id + 2, 3, 'k'))));
  }
  await vi.waitFor(() => expect(figure('maxInFlightTotal').reached).toBeGreaterThanOrEqual(4));
  await delay(50);
  // one more than what is free, for each
  expect(store.held.length).toBeLessThanOrEqual(100 + greedy.length);
  expect(figure('maxInFlightTotal').current).toBe(store.held.length);
  expect((await modest.ask(2, 2)).slice(0, 2)).toEqual([2, 0]);
  store.release();
  for (const client of greedy) {
    for (let id = 2; id < 502; id++) expect((await client.next()).body).toEqual([id, 0, null]);
  }
});

test('large frames wait for room, unread, and all of them come through', async () => {
  await start({ maxRequestBytes: 4 * MIB });
  const value = Buffer.alloc(1.5 * MIB, 'v');
  const senders = await Promise.all(Array.from({ length: 8 }, greeted));
  const puts = senders.map((client, index) => client.ask(2, 5, `k${index}`, value));
  for (const body of await Promise.all(puts)) expect(body.slice(0, 2)).toEqual([2, 0]);
  expect(store.entries.size).toBe(8);
  const { limit, current, high = 0 } = figure('maxRequestBytes');
  expect(current).toBe(0);
  expect(high).toBeGreaterThan(MIB);
  expect(high).toBeLessThanOrEqual(limit);
});

test('a large frame that stands still is given up while others wait for its room', async () => {
  await start({ maxRequestBytes: 2 * MIB, frameMinBytesPerSecond: MIB });
  const value = Buffer.alloc(1.5 * MIB, 'v');
  const [stalled, next, small] = [await greeted(), await greeted(), await greeted()];
  stalled.send(request(2, 5, 'stalled', value).subarray(0, 100 * KIB));
  await vi.waitFor(() => expect(figure('maxRequestBytes').current).toBeGreaterThan(MIB));
  next.send(request(2, 5, 'next', value));
  await vi.waitFor(() => expect(figure('maxRequestBytes').reached).toBe(1));
  // a small frame in two parts needs no room
  const half = request(2, 5, 'small', Buffer.alloc(50 * KIB));
  small.send(half.subarray(0, 40 * KIB));
  await delay(20);
  small.send(half.subarray(40 * KIB));
  expect((await small.next()).body.slice(0, 2)).toEqual([2, 0]);
  expect((await stalled.next()).body.slice(0, 3)).toEqual([0, 22, 'BUSY']);
  expect((await next.next()).body.slice(0, 2)).toEqual([2, 0]);
  expect([...store.entries.keys()].sort()).toEqual(['next', 'small']);
});

test('who waits for room and leaves, leaves the queue', async () => {
  await start({ maxRequestBytes: 2 * MIB });
  const value = Buffer.alloc(1.5 * MIB, 'v');
  const [first, second, third] = [await greeted(), await greeted(), await greeted()];
  const frame = request(2, 5, 'first', value);
  first.send(frame.subarray(0, MIB));
  await vi.waitFor(() => expect(figure('maxRequestBytes').current).toBeGreaterThan(MIB));
  second.send(request(2, 5, 'second', value));
  await vi.waitFor(() => expect(figure('maxRequestBytes').reached).toBe(1));
  third.send(request(2, 5, 'third', value));
  await vi.waitFor(() => expect(figure('maxRequestBytes').reached).toBe(2));
  second.socket.resetAndDestroy();
  first.send(frame.subarray(MIB));
  expect((await first.next()).body.slice(0, 2)).toEqual([2, 0]);
  expect((await third.next()).body.slice(0, 2)).toEqual([2, 0]);
  expect([...store.entries.keys()].sort()).toEqual(['first', 'third']);
});

test('a large frame has time as long as it keeps coming', async () => {
  await start({ frameTimeoutMs: 100, frameMinBytesPerSecond: 400 * KIB });
  const [steady, slow] = [await greeted(), await greeted()];
  const frame = request(2, 5, 'k', Buffer.alloc(MIB));
  slow.send(frame.subarray(0, 10));
  const part = 64 * KIB;
  for (let at = 0; at < frame.length; at += part) {
    steady.send(frame.subarray(at, at + part));
    await delay(20);
  }
  // 17 parts, 20 ms each: well beyond frameTimeoutMs
  expect((await steady.next()).body.slice(0, 2)).toEqual([2, 0]);
  expect((await slow.next()).body.slice(0, 3)).toEqual([0, 42, 'TIMEOUT']);
  expect(figure('frameTimeoutMs').reached).toBe(1);
});

test('unsent replies of many: bounded in all, while one that reads is served', async () => {
  const limits = { maxOutputBytes: 8 * MIB, outputTimeoutMs: 400 };
  await start({ ...limits, maxInFlight: 1000, outputSoftBytes: 4 * MIB });
  store.put('k', Buffer.alloc(200 * KIB));
  store.put('small', Buffer.alloc(500));
  const deaf = await Promise.all(Array.from({ length: 10 }, greeted));
  const reader = await greeted();
  for (const client of deaf) {
    client.socket.pause();
    client.send(Buffer.concat(Array.from({ length: 200 }, (_, id) => request(id + 2, 3, 'k'))));
  }
  await vi.waitFor(() => expect(figure('maxOutputBytes').reached).toBeGreaterThan(0));
  for (let id = 2; id < 100; id++) {
    expect((await reader.ask(id, 3, 'small')).slice(0, 2)).toEqual([id, 0]);
  }
  const { limit, high = 0 } = figure('maxOutputBytes');
  // and one large reply for each, which was begun when there was still room
  expect(high).toBeLessThanOrEqual(limit + 200 * KIB);
  // they are in the way, and go
  await vi.waitFor(() => expect(server.stats().slowConsumers).toBeGreaterThan(0), 5000);
  await vi.waitFor(() => expect(figure('maxOutputBytes').current).toBeLessThan(limit), 5000);
});

test('a batch holds on to its frame until it is answered', async () => {
  await start();
  const client = await greeted();
  const { promise, resolve } = Promise.withResolvers<void>();
  const original = store.openSession.bind(store);
  store.openSession = (sink) => {
    const session = original(sink);
    const { batch } = session;
    session.batch = async (items) => {
      await promise;
      return batch.call(session, items);
    };
    return session;
  };
  const other = await greeted();
  other.send(request(2, 9, [[0, 'a', Buffer.alloc(100 * KIB)]]));
  await vi.waitFor(() => expect(figure('maxRequestBytes').current).toBeGreaterThan(100 * KIB));
  expect((await client.ask(2, 2)).slice(0, 2)).toEqual([2, 0]);
  resolve();
  expect((await other.next()).body.slice(0, 2)).toEqual([2, 0]);
  expect(figure('maxRequestBytes').current).toBe(0);
});

test('refusals are counted under the limit that they are about', async () => {
  await start();
  const client = await greeted();
  await client.ask(2, 3, 'k'.repeat(1001));
  await client.ask(3, 5, 'k', Buffer.alloc(3 * MIB));
  await client.ask(
    4,
    9,
    Array.from({ length: 101 }, () => [1, 'k']),
  );
  await client.ask(5, 10, null, null, null, null, 51);
  const counted = ['maxKeyBytes', 'maxValueBytes', 'maxBatchItems', 'maxRangeItems'];
  expect(counted.map((name) => figure(name))).toEqual([
    { limit: 1000, reached: 1 },
    { limit: 2 * MIB, reached: 1 },
    { limit: 100, reached: 1 },
    { limit: 50, reached: 1 },
  ]);
});
