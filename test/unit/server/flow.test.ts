/** Pipelining, back-pressure, fairness, deadlines, limits and the end of connections. */

import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { CaskError } from '../../../src/errors/cask-error.ts';
import { FLAG_PUSH } from '../../../src/protocol/frame.ts';
import { type CaskServer, listen, type ServerLimits } from '../../../src/server/index.ts';
import { MemoryStore } from './memory-store.ts';
import { HELLO, PREAMBLE, request, WireClient } from './wire-client.ts';

const KIB = 1024;
/** A grace that no machine is so busy as to need. */
const LONG_MS = 3_600_000;

/** On a machine that is busy with other things. */
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 60_000 });

let store: MemoryStore;
let server: CaskServer;
const clients: WireClient[] = [];

async function start(limits: Partial<ServerLimits> = {}): Promise<void> {
  store = new MemoryStore();
  const identity = { version: '0', serverId: 'test' };
  const quick = { sweepIntervalMs: 10, lingerMs: 100, ...limits };
  server = await listen({ store, host: '127.0.0.1', port: 0, identity, limits: quick });
}

async function greeted(): Promise<WireClient> {
  const client = await WireClient.greeted(server.address.port);
  clients.push(client);
  return client;
}

afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
  await server.close();
  expect(store.openSessions).toBe(0);
});

test('thousands of pipelined requests are all answered, in fair turns', async () => {
  await start({ framesPerTurn: 16 });
  const [busy, other] = [await greeted(), await greeted()];
  const count = 5000;
  const requests = Array.from({ length: count }, (_, index) => request(index + 2, 3, 'k'));
  busy.send(Buffer.concat(requests));
  other.send(request(2, 2));
  expect((await other.next()).body.slice(0, 2)).toEqual([2, 0]);
  // the other one did not wait for all of the busy one's
  expect(server.stats().requests['GET']).toBeLessThan(count);
  for (let id = 2; id < count + 2; id++) expect((await busy.next()).body).toEqual([id, 0, null]);
});

test('frames split anywhere are put together', async () => {
  await start();
  const client = await greeted();
  const bytes = Buffer.concat([request(2, 5, 'k', Buffer.alloc(300, 'v')), request(3, 3, 'k')]);
  for (let at = 0; at < bytes.length; at += 7) {
    client.send(bytes.subarray(at, at + 7));
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await client.next()).body[0]).toBe(2);
  expect((await client.next()).body[2]).toEqual(Buffer.alloc(300, 'v'));
});

test('large values in both directions', async () => {
  await start();
  const client = await greeted();
  const value = Buffer.alloc(2 * KIB * KIB, 'large');
  expect((await client.ask(2, 5, 'k', value)).slice(0, 2)).toEqual([2, 0]);
  for (let id = 3; id < 13; id++) client.send(request(id, 3, 'k'));
  for (let id = 3; id < 13; id++) {
    const { body } = await client.next();
    expect([body[0], body[1]]).toEqual([id, 0]);
    expect(Buffer.compare(body[2] as Buffer, value)).toBe(0);
  }
});

test('input waits at maxInFlight', async () => {
  await start({ maxInFlight: 10 });
  const client = await greeted();
  store.holding = true;
  for (let id = 2; id < 102; id++) client.send(request(id, 3, 'k'));
  await eventually(() => expect(store.held.length).toBe(10));
  await delay(30);
  expect(store.held.length).toBe(10);
  store.release();
  for (let id = 2; id < 102; id++) expect((await client.next()).body).toEqual([id, 0, null]);
});

test('input of all clients waits while the write queue of the store is long', async () => {
  await start();
  const [one, two] = [await greeted(), await greeted()];
  store.writeQueueIsLong = true;
  one.send(request(2, 5, 'a', '1'));
  two.send(request(2, 5, 'b', '2'));
  await delay(50);
  expect(store.entries.size).toBe(0);
  store.shortenWriteQueue();
  expect((await one.next()).body.slice(0, 2)).toEqual([2, 0]);
  expect((await two.next()).body.slice(0, 2)).toEqual([2, 0]);
});

test('a client that does not read stops being read, then is closed; others go on', async () => {
  await start({ outputSoftBytes: 256 * KIB, outputHardBytes: KIB * KIB, outputTimeoutMs: 200 });
  store.put('k', Buffer.alloc(100 * KIB));
  const [deaf, other] = [await greeted(), await greeted()];
  deaf.socket.pause();
  const count = 1000;
  for (let id = 2; id < count; id++) deaf.send(request(id, 3, 'k'));
  await eventually(() => expect(server.stats().slowConsumers).toBe(1));
  // kernel buffers and the soft limit, far below 100 MB
  expect(server.stats().requests['GET']).toBeLessThan(count / 2);
  expect(server.stats().errors['SLOW_CONSUMER']).toBe(1);
  await eventually(() => expect(server.stats().connectionsOpen).toBe(1));
  expect((await other.ask(2, 2)).slice(0, 2)).toEqual([2, 0]);
});

test('answers of many large reads at once: what has no room is BUSY, nothing is lost', async () => {
  await start({ outputSoftBytes: 64 * KIB, outputHardBytes: 4 * KIB * KIB });
  store.put('k', Buffer.alloc(KIB * KIB));
  const client = await greeted();
  store.holding = true;
  for (let id = 2; id < 12; id++) client.send(request(id, 3, 'k'));
  await eventually(() => expect(store.held.length).toBe(10));
  store.release();
  const statuses = new Map<number, unknown>();
  while (statuses.size < 10) {
    const [id, status] = (await client.next()).body as [number, number];
    statuses.set(id, status);
  }
  expect([...statuses.values()].filter((status) => status === 0)).toHaveLength(2);
  expect([...statuses.values()].filter((status) => status === 22)).toHaveLength(8);
});

test('a connection too many is told so', async () => {
  await start({ maxConnections: 2 });
  const [one] = [await greeted(), await greeted()];
  const third = await WireClient.open(server.address.port);
  expect((await third.next()).body.slice(0, 3)).toEqual([0, 106, 'TOO_MANY_CONNECTIONS']);
  await third.ended;
  expect(server.stats()).toMatchObject({ connectionsRejected: 1, connectionsOpen: 2 });
  await one.close();
  await eventually(() => expect(server.stats().connectionsOpen).toBe(1));
  await greeted();
});

test('a flood of connections too many does not pile up', async () => {
  await start({ maxConnections: 1 });
  const one = await greeted();
  const flood = Array.from({ length: 200 }, () => new WireClient(server.address.port));
  await Promise.all(flood.map((client) => client.ended));
  expect(server.stats().connectionsRejected).toBe(200);
  expect((await one.ask(2, 2)).slice(0, 2)).toEqual([2, 0]);
});

test('a silent client is closed, and told why', async () => {
  await start({ idleTimeoutMs: 200 });
  const silent = await greeted();
  await silent.ended;
  const told = silent.messages.at(-1);
  expect([told?.flags, told?.body[0]]).toEqual([FLAG_PUSH, 0]);
  expect(told?.body.slice(1, 4)).toEqual([3, 107, 'IDLE_TIMEOUT']);
  await eventually(() => expect(server.stats().connectionsOpen).toBe(0));
});

test('a client that ends its sending side still gets its answers', async () => {
  await start();
  const client = await greeted();
  store.holding = true;
  client.socket.end(Buffer.concat([request(2, 5, 'k', 'v'), request(3, 3, 'k')]));
  await eventually(() => expect(store.held.length).toBe(2));
  store.release();
  expect((await client.next()).body[0]).toBe(2);
  expect((await client.next()).body[0]).toBe(3);
  await client.ended;
  expect(server.stats().truncatedStreams).toBe(0);
});

test('answers for a client that is gone are dropped', async () => {
  await start();
  const client = await greeted();
  store.holding = true;
  client.send(request(2, 5, 'k', 'v'), request(3, 8));
  await eventually(() => expect(store.held.length).toBe(1));
  client.socket.resetAndDestroy();
  await eventually(() => expect(server.stats().connectionsOpen).toBe(0));
  store.release();
  expect(store.entries.size).toBe(1);
});

test('an error that nobody foresaw is INTERNAL, for that request only', async () => {
  await start();
  const client = await greeted();
  store.stats = () => {
    throw new TypeError('boom');
  };
  expect((await client.ask(2, 11)).slice(0, 3)).toEqual([2, 200, 'INTERNAL']);
  store.sync = () => Promise.reject(new CaskError('IO_ERROR', 'disk'));
  expect((await client.ask(3, 12)).slice(0, 3)).toEqual([3, 61, 'IO_ERROR']);
  expect((await client.ask(4, 2)).slice(0, 2)).toEqual([4, 0]);
});

test('drain: GOAWAY, what was asked is answered, new requests are refused, then the end', async () => {
  await start();
  const client = await greeted();
  const greeting = await WireClient.open(server.address.port);
  const { promise } = Promise.withResolvers<void>();
  store.mergeGate = promise;
  store.holding = true;
  client.send(request(2, 5, 'k', 'v'), request(3, 13));
  await eventually(() => expect(store.held.length).toBe(1));
  const drained = server.drain('maintenance', LONG_MS);
  const goaway = await client.next();
  expect(goaway).toEqual({ flags: FLAG_PUSH, body: [0, 2, 'maintenance', LONG_MS] });
  expect((await client.next()).body.slice(0, 3)).toEqual([3, 26, 'SHUTTING_DOWN']);
  expect((await client.ask(4, 2)).slice(0, 3)).toEqual([4, 26, 'SHUTTING_DOWN']);
  expect((await greeting.next()).body.slice(0, 3)).toEqual([0, 26, 'SHUTTING_DOWN']);
  const late = new WireClient(server.address.port);
  await late.ended;
  expect(late.error).toMatchObject({ code: 'ECONNREFUSED' });
  await delay(200);
  store.release();
  expect((await client.next()).body.slice(0, 2)).toEqual([2, 0]);
  await client.ended;
  expect(await drained).toBe(true);
});

test('drain: pipelined requests that were sent before are served', async () => {
  await start({ framesPerTurn: 8 });
  const client = await greeted();
  const count = 500;
  client.send(Buffer.concat(Array.from({ length: count }, (_, id) => request(id + 2, 3, 'k'))));
  await eventually(() => expect(server.stats().requests['GET']).toBeGreaterThan(0));
  const drained = server.drain('stop', LONG_MS);
  const served = new Set<unknown>();
  while (served.size < count) {
    const { flags, body } = await client.next();
    if (flags === FLAG_PUSH) continue; // GOAWAY
    expect(body[1]).toBe(0);
    served.add(body[0]);
  }
  expect(await drained).toBe(true);
});

test('drain gives up when the grace is over', async () => {
  await start();
  const client = await greeted();
  store.holding = true;
  client.send(request(2, 5, 'k', 'v'));
  await eventually(() => expect(store.held.length).toBe(1));
  expect(await server.drain('stop', 150)).toBe(false);
  expect((await client.next()).body.slice(1, 3)).toEqual([2, 'stop']);
  expect((await client.next()).body.slice(1, 4)).toEqual([3, 26, 'SHUTTING_DOWN']);
  await client.ended;
});

test('a draining server without clients stops at once', async () => {
  await start();
  expect(await server.drain('stop', LONG_MS)).toBe(true);
});

test('limits are checked', async () => {
  const bad = start({ maxConnections: 0, outputSoftBytes: 1e9, maxFrameBytes: 1000 });
  await expect(bad).rejects.toThrow(/maxConnections is 0.*maxFrameBytes is 1000.*outputHardBytes/);
  await start();
  const { options } = store;
  const needed = Math.max(options.maxBatchBytes, options.maxRangeBytes + options.maxValueBytes);
  expect(server.limits.maxFrameBytes).toBeGreaterThanOrEqual(needed + KIB * KIB);
  const client = await WireClient.open(server.address.port);
  client.send(PREAMBLE, HELLO);
  expect((await client.next()).body[1]).toBe(0);
  await client.close();
});
