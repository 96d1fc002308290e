/** INCR, TOUCH, PERSIST, TTL and GET_AND_DELETE over a socket, as docs/protocol.md gives them. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CaskServer, listen } from '../../../src/server/index.ts';
import { MemoryStore } from './memory-store.ts';
import { PREAMBLE, request, WireClient } from './wire-client.ts';

const PUT = 5;
const INCR = 23;
const TOUCH = 24;
const PERSIST = 25;
const TTL = 26;
const GET_AND_DELETE = 27;
const BUSY = 22;

let store: MemoryStore;
let server: CaskServer;
let client: WireClient;

async function open(limits: object = {}): Promise<void> {
  store = new MemoryStore();
  const identity = { version: '1', serverId: 'x' };
  server = await listen({ store, host: '127.0.0.1', port: 0, identity, limits });
  client = await WireClient.open(server.address.port);
  client.send(PREAMBLE, request(1, 1, { client: 'test' }));
  await client.next();
}

beforeEach(() => open());

afterEach(async () => {
  await client.close();
  await server.close();
});

test('INCR answers with the sum and what a put has', async () => {
  const [id, status, sum, revision, version, , , expiresAt] = await client.ask(2, INCR, 'k');
  expect([id, status, sum, revision, version, expiresAt]).toEqual([2, 0, 1, 1, 1, null]);
  expect((await client.ask(3, INCR, 'k', -5))[2]).toBe(-4);
  expect((await client.ask(4, INCR, 'k', null))[2]).toBe(-3);
});

test('INCR of what is no counter, and beyond 64 bits', async () => {
  await client.ask(2, PUT, 'k', 'v');
  expect((await client.ask(3, INCR, 'k')).slice(1, 3)).toEqual([30, 'NOT_AN_INTEGER']);
  await client.ask(4, PUT, 'k', '9223372036854775807');
  expect((await client.ask(5, INCR, 'k')).slice(1, 3)).toEqual([31, 'OUT_OF_RANGE']);
});

test.each([
  [INCR, []],
  [INCR, ['k', 'one']],
  [INCR, ['k', 1.5]],
  [INCR, ['k', true]],
  [TOUCH, ['k']],
  [TOUCH, ['k', null]],
  [TOUCH, ['k', 1, 1]],
  [TOUCH, ['k', 0]],
  [TOUCH, ['k', true]],
  [TOUCH, ['k', 2 ** 47 + 1]],
  [TOUCH, ['k', null, 0]],
  [TOUCH, ['k', null, 2 ** 48]],
  [PERSIST, []],
  [TTL, [5]],
  [GET_AND_DELETE, []],
])('operation %i with %j is refused', async (op, args) => {
  store.put('k', Buffer.from('1'));
  const { revision } = store;
  expect((await client.ask(2, op, ...args)).slice(1, 3)).toEqual([1, 'BAD_REQUEST']);
  expect(store.revision).toBe(revision);
});

test('INCR by what is of 64 bits, and by more', async () => {
  expect((await client.ask(2, INCR, 'k', 2n ** 63n))[1]).toBe(1);
  expect((await client.ask(3, INCR, 'k', 2n ** 63n - 1n))[2]).toBe(2n ** 63n - 1n);
  expect((await client.ask(4, INCR, 'k', -(2n ** 63n)))[2]).toBe(-1);
});

test('TOUCH, TTL, PERSIST', async () => {
  expect(await client.ask(2, TOUCH, 'k', 1000)).toEqual([2, 0, false, null]);
  expect(await client.ask(3, TTL, 'k')).toEqual([3, 0, false, null]);
  await client.ask(4, PUT, 'k', 'v');
  expect(await client.ask(5, TTL, 'k')).toEqual([5, 0, true, null]);
  expect(await client.ask(6, PERSIST, 'k')).toEqual([6, 0, false, null]);
  expect(await client.ask(7, TOUCH, 'k', 2 ** 40)).toEqual([7, 0, true, 2]);
  const [, , there, ttlMs] = await client.ask(8, TTL, 'k');
  expect(there).toBe(true);
  expect(ttlMs).toBeGreaterThan(2 ** 39);
  expect(await client.ask(9, PERSIST, 'k')).toEqual([9, 0, true, 3]);
  expect(await client.ask(10, TTL, 'k')).toEqual([10, 0, true, null]);
});

test('GET_AND_DELETE', async () => {
  await client.ask(2, PUT, 'k', 'v');
  expect(await client.ask(3, GET_AND_DELETE, 'k')).toEqual([3, 0, Buffer.from('v'), 2]);
  expect(await client.ask(4, GET_AND_DELETE, 'k')).toEqual([4, 0, null, null]);
});

test('GET_AND_DELETE deletes nothing for which there is no room', async () => {
  await client.close();
  await server.close();
  const limits = { outputSoftBytes: 64 << 10, outputHardBytes: 256 << 10 };
  await open(limits);
  for (let n = 0; n < 4; n++) store.put(`k${n}`, Buffer.alloc(150_000, n));
  store.holding = true;
  client.send(...[0, 1, 2, 3].map((n) => request(n + 2, GET_AND_DELETE, `k${n}`)));
  // refused at once; what was taken waits for its commit
  for (const id of [3, 4, 5]) {
    expect((await client.next()).body.slice(0, 2)).toEqual([id, BUSY]);
  }
  expect([...store.entries.keys()]).toEqual(['k1', 'k2', 'k3']);
  store.release();
  expect((await client.next()).body).toEqual([2, 0, Buffer.alloc(150_000, 0), 5]);
  // it counts no more
  expect((await client.ask(9, GET_AND_DELETE, 'k1'))[1]).toBe(0);
});
