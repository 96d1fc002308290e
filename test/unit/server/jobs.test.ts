/** DELETE_RANGE and JOBS over a socket, in the form that docs/protocol.md gives them. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { FLAG_PUSH } from '../../../src/protocol/frame.ts';
import { type CaskServer, listen } from '../../../src/server/index.ts';
import { MemoryStore } from './memory-store.ts';
import { request, WireClient } from './wire-client.ts';

const DELETE_RANGE = 16;
const JOBS = 22;
const CANCEL = 14;
const ALL = 1;
const PROGRESS = 2;

let store: MemoryStore;
let server: CaskServer;
let client: WireClient;

beforeEach(async () => {
  store = new MemoryStore();
  const identity = { version: '1', serverId: 'x' };
  server = await listen({ store, host: '127.0.0.1', port: 0, identity });
  client = await WireClient.greeted(server.address.port);
  for (const key of ['a', 'b1', 'b2', 'c']) store.put(key, Buffer.from('v'));
});

afterEach(async () => {
  await client.close();
  await server.close();
});

/** Keeps deletes from going on until the test says so. */
function gate(): () => void {
  const { promise, resolve } = Promise.withResolvers<void>();
  store.deleteGate = promise;
  return resolve;
}

test('COUNT and DELETE_RANGE take bounds', async () => {
  expect(await client.ask(2, 8, 'b', null, null)).toEqual([2, 0, 3]);
  expect(await client.ask(3, 8, 'b', 'c')).toEqual([3, 0, 2]);
  expect(await client.ask(4, DELETE_RANGE, null, null, 'b')).toEqual([4, 0, 2, 6]);
  expect(await client.ask(5, DELETE_RANGE, 'x')).toEqual([5, 0, 0, null]);
  expect(await client.ask(6, DELETE_RANGE, null, null, null, ALL)).toEqual([6, 0, 2, 8]);
  expect(await client.ask(7, 8)).toEqual([7, 0, 0]);
});

test('what is not understood is refused', async () => {
  expect((await client.ask(2, DELETE_RANGE, null, null, 'b', 4)).slice(0, 3)).toEqual([
    2,
    1,
    'BAD_REQUEST',
  ]);
  expect((await client.ask(3, DELETE_RANGE, 7))[2]).toBe('BAD_REQUEST');
  expect((await client.ask(4, JOBS, 'eat'))[2]).toBe('BAD_REQUEST');
  expect((await client.ask(5, JOBS, 'cancel'))[2]).toBe('BAD_REQUEST');
  expect((await client.ask(6, JOBS, 'status'))[2]).toBe('BAD_REQUEST');
  store.indexReady = false;
  expect((await client.ask(7, DELETE_RANGE, 'a'))[2]).toBe('LOADING');
  expect(store.entries.size).toBe(4);
});

test('a job is listed while it runs, and after', async () => {
  const open = gate();
  client.send(request(2, DELETE_RANGE, null, null, 'b'));
  await vi.waitFor(() => expect(store.jobs.running).toBe(1));
  const [, , [running]] = (await client.ask(3, JOBS)) as [number, number, object[]];
  const facts = { id: 1, kind: 'delete-range', unit: 'keys', total: 2, ms: expect.any(Number) };
  const startedAt = expect.any(Number);
  expect(running).toEqual({ ...facts, state: 'running', done: 0, startedAt });
  open();
  expect((await client.next()).body).toEqual([2, 0, 2, 6]);
  const ended = {
    ...facts,
    state: 'done',
    done: 0,
    startedAt,
    result: { deleted: 2, revision: 6 },
  };
  expect(await client.ask(4, JOBS, 'status', 1)).toEqual([4, 0, ended]);
  expect(await client.ask(5, JOBS, 'status', 9)).toEqual([5, 0, null]);
});

test('JOBS cancels what any connection asked for', async () => {
  const open = gate();
  const other = await WireClient.greeted(server.address.port);
  other.send(request(2, DELETE_RANGE, null, null, 'b'));
  await vi.waitFor(() => expect(store.jobs.running).toBe(1));
  expect(await client.ask(2, JOBS, 'cancel', 1)).toEqual([2, 0, true]);
  expect(await client.ask(3, JOBS, 'status', 1)).toMatchObject([3, 0, { state: 'cancelling' }]);
  open();
  expect((await other.next()).body.slice(0, 3)).toEqual([2, 43, 'CANCELLED']);
  expect(await client.ask(4, JOBS, 'cancel', 1)).toEqual([4, 0, false]);
  expect(store.entries.size).toBe(4);
  await other.close();
});

test('CANCEL stops the job, and its one reply follows', async () => {
  const open = gate();
  client.send(request(2, DELETE_RANGE, null, null, 'b'), request(3, CANCEL, 2));
  expect((await client.next()).body).toEqual([3, 0, true]);
  expect(store.jobs.status(1)?.state).toBe('cancelling');
  open();
  expect((await client.next()).body.slice(0, 3)).toEqual([2, 43, 'CANCELLED']);
  expect(await client.ask(4, CANCEL, 2)).toEqual([4, 0, false]);
});

test('a job goes on when its connection is gone', async () => {
  const open = gate();
  const other = await WireClient.greeted(server.address.port);
  other.send(request(2, DELETE_RANGE, null, null, 'b'));
  await vi.waitFor(() => expect(store.jobs.running).toBe(1));
  await other.close();
  open();
  await vi.waitFor(() => expect(store.jobs.status(1)?.state).toBe('done'));
  expect([...store.entries.keys()]).toEqual(['a', 'c']);
});

test('one job too many is BUSY', async () => {
  const open = gate();
  const ask = (id: number): Buffer => request(id, DELETE_RANGE, null, null, 'b');
  client.send(ask(2), ask(3), ask(4));
  expect((await client.next()).body.slice(0, 3)).toEqual([4, 22, 'BUSY']);
  open();
  expect((await client.next()).body.slice(0, 2)).toEqual([2, 0]);
  expect((await client.next()).body.slice(0, 2)).toEqual([3, 0]);
});

test('progress is pushed to who asked for it', async () => {
  const open = gate();
  client.send(request(2, DELETE_RANGE, null, null, 'b', PROGRESS));
  const push = await client.next();
  expect(push).toMatchObject({ flags: FLAG_PUSH, body: [0, 4, 2, 0, 2] });
  open();
  expect((await client.next()).body).toEqual([2, 0, 2, 6]);
  expect(client.messages).toEqual([]);
});
