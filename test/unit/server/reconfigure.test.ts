/** Limits that change while the server listens: connections that are open see them, too. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { CaskError } from '../../../src/errors/cask-error.ts';
import { errorCodeOfNumber } from '../../../src/errors/error-codes.ts';
import { FLAG_PUSH } from '../../../src/protocol/frame.ts';
import { type CaskServer, listen } from '../../../src/server/index.ts';
import { MemoryStore } from './memory-store.ts';
import { request, WireClient } from './wire-client.ts';

/** On a machine that is busy. */
const PATIENCE = { timeout: 30_000 };

let store: MemoryStore;
let server: CaskServer;

beforeEach(async () => {
  store = new MemoryStore();
  const identity = { version: '1', serverId: 'abc' };
  const limits = { sweepIntervalMs: 5 };
  server = await listen({ store, host: '127.0.0.1', port: 0, identity, limits });
});

afterEach(() => server.close());

test('what is wrong is named, all of it, and nothing is changed', () => {
  const before = server.limits;
  const fixed = { sweepIntervalMs: 10 } as object;
  const change = () => server.reconfigure({ maxConnections: 0, outputHardBytes: 65_536, ...fixed });
  expect(change).toThrow(CaskError);
  expect(change).toThrow(
    /^sweepIntervalMs cannot change .*maxConnections is 0, .*outputHardBytes is 65536, /,
  );
  expect(server.limits).toBe(before);
});

test('fewer connections: those that are open stay, one more is told so', async () => {
  const first = await WireClient.greeted(server.address.port);
  server.reconfigure({ maxConnections: 1 });
  const second = await WireClient.open(server.address.port);
  const [id, number] = (await second.next()).body;
  expect(id).toBe(0);
  expect(errorCodeOfNumber(Number(number))).toBe('TOO_MANY_CONNECTIONS');
  expect((await first.ask(2, 2)).slice(0, 2)).toEqual([2, 0]);
  await first.close();
});

test('a shorter idle time closes a connection that was open before', async () => {
  const client = await WireClient.greeted(server.address.port);
  server.reconfigure({ idleTimeoutMs: 20 });
  await client.ended;
  const last = client.messages.at(-1);
  expect(last?.flags).toBe(FLAG_PUSH);
  expect(last?.body).toContain('IDLE_TIMEOUT');
});

test('fewer requests in flight: input waits from the next one on', async () => {
  const client = await WireClient.greeted(server.address.port);
  store.holding = true;
  client.send(request(2, 5, 'a', '1'), request(3, 5, 'b', '1'));
  await expect.poll(() => store.held.length, PATIENCE).toBe(2);
  server.reconfigure({ maxInFlight: 2 });
  const { bytesIn } = server.counters;
  client.send(request(4, 5, 'c', '1'));
  // what comes is counted and looked at in one turn
  await expect.poll(() => server.counters.bytesIn, PATIENCE).toBeGreaterThan(bytesIn);
  expect(store.held).toHaveLength(2);
  client.send(request(5, 5, 'd', '1'));
  server.reconfigure({ maxInFlight: 100 });
  await expect.poll(() => store.held.length, PATIENCE).toBe(4);
  store.release();
  await client.close();
});
