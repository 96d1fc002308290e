/** Rates: who is above one is not read from for a while, and nobody else notices. */

import { afterEach, describe, expect, test, vi } from 'vitest';
import { type CaskServer, listen, type ServerLimits } from '../../../src/server/index.ts';
import { RateLimits, type RateLimitValues } from '../../../src/server/rate-limits.ts';
import { ServerLoad } from '../../../src/server/server-load.ts';
import { TokenBucket } from '../../../src/server/token-bucket.ts';
import { MemoryStore } from './memory-store.ts';
import { request, WireClient } from './wire-client.ts';

describe('TokenBucket', () => {
  test('lets a burst through, then the rate', () => {
    const bucket = new TokenBucket(10, 0);
    expect(bucket.waitMs(100, 10, 0)).toBe(0);
    bucket.take(10);
    const waitMs = bucket.waitMs(100, 10, 0);
    expect(waitMs).toBeGreaterThan(0);
    expect(bucket.waitMs(100, 10, waitMs)).toBe(0);
    // 30 ms bring 3
    bucket.take(3);
    expect(bucket.waitMs(100, 10, 20)).toBeGreaterThan(0);
    expect(bucket.waitMs(100, 10, 32)).toBe(0);
  });

  test('may be overdrawn, and the debt is paid', () => {
    const bucket = new TokenBucket(10, 0);
    bucket.take(1010);
    expect(bucket.waitMs(100, 10, 0)).toBeGreaterThanOrEqual(10_000);
    expect(bucket.waitMs(100, 10, 9990)).toBeGreaterThan(0);
    expect(bucket.waitMs(100, 10, 10_010)).toBe(0);
  });

  test('holds no more than its burst', () => {
    const bucket = new TokenBucket(10, 0);
    bucket.take(5);
    expect(bucket.isFull(100, 10, 10)).toBe(false);
    expect(bucket.isFull(100, 10, 1_000_000)).toBe(true);
    bucket.take(11);
    expect(bucket.waitMs(100, 10, 1_000_000)).toBeGreaterThan(0);
  });
});

describe('RateLimits', () => {
  const values = (some: Partial<RateLimitValues>): RateLimitValues => ({
    connectionRequestsPerSecond: 0,
    connectionBytesPerSecond: 0,
    clientRequestsPerSecond: 0,
    clientBytesPerSecond: 0,
    rateBurstMs: 1000,
    ...some,
  });

  test('connections of a client share its rate, others have their own', () => {
    const load = new ServerLoad();
    const rates = new RateLimits(() => values({ clientRequestsPerSecond: 10 }), load);
    const [one, two] = [rates.open('alice', 0), rates.open('alice', 0)];
    const other = rates.open('bob', 0);
    for (let count = 0; count < 10; count++) one.take(1, 5);
    expect(one.waitMs(0)).toBeGreaterThan(0);
    expect(two.waitMs(0)).toBeGreaterThan(0);
    expect(other.waitMs(0)).toBe(0);
    expect(load.timesReached('clientRequestsPerSecond')).toBe(2);
  });

  test('a client that comes again has not got a new burst', () => {
    const rates = new RateLimits(() => values({ clientRequestsPerSecond: 10 }), new ServerLoad());
    const first = rates.open('alice', 0);
    first.take(20, 0);
    first.close();
    rates.sweep(10);
    expect(rates.open('alice', 10).waitMs(10)).toBeGreaterThan(0);
  });

  test('rates that change count at once, and may be switched off', () => {
    let current = values({ connectionBytesPerSecond: 100 });
    const rates = new RateLimits(() => current, new ServerLoad());
    const throttle = rates.open('alice', 0);
    throttle.take(1, 1100);
    expect(throttle.waitMs(0)).toBeGreaterThanOrEqual(10_000);
    current = values({ connectionBytesPerSecond: 100_000 });
    expect(throttle.waitMs(0)).toBeLessThanOrEqual(11);
    current = values({});
    expect(throttle.waitMs(0)).toBe(0);
    expect(rates.isOn).toBe(false);
  });
});

describe('a server with rates', () => {
  let server: CaskServer;
  const clients: WireClient[] = [];

  async function start(limits: Partial<ServerLimits>): Promise<void> {
    const identity = { version: '0', serverId: 'test' };
    const store = new MemoryStore();
    store.put('k', Buffer.alloc(10_000));
    server = await listen({ store, host: '127.0.0.1', port: 0, identity, limits });
  }

  async function greeted(): Promise<WireClient> {
    const client = await WireClient.greeted(server.address.port);
    clients.push(client);
    return client;
  }

  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    await vi.waitFor(() => expect(server.stats().connectionsOpen).toBe(0));
    await server.close();
  });

  test('requests: all are answered, in their time; another connection is not held up', async () => {
    await start({ connectionRequestsPerSecond: 100, rateBurstMs: 100 });
    const [busy, other] = [await greeted(), await greeted()];
    const startMs = performance.now();
    busy.send(Buffer.concat(Array.from({ length: 40 }, (_, id) => request(id + 2, 2))));
    expect((await other.ask(2, 2)).slice(0, 2)).toEqual([2, 0]);
    for (let id = 2; id < 42; id++) expect((await busy.next()).body[0]).toBe(id);
    // HELLO and 40 requests, of which 10 may go at once
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(250);
    expect(server.stats().throttledMs).toBeGreaterThan(0);
    expect(server.limitFigures()['connectionRequestsPerSecond']?.reached).toBeGreaterThan(0);
  });

  test('bytes: replies count', async () => {
    await start({ clientBytesPerSecond: 100_000, rateBurstMs: 100 });
    const client = await greeted();
    const startMs = performance.now();
    for (let id = 2; id < 6; id++) expect((await client.ask(id, 3, 'k'))[1]).toBe(0);
    // 40 kB, of which 10 kB may go at once, and the last reply is paid for later
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(150);
  });

  test('rates may be set and lifted while clients are connected', async () => {
    await start({});
    const client = await greeted();
    expect((await client.ask(2, 2))[1]).toBe(0);
    server.reconfigure({ connectionRequestsPerSecond: 1, rateBurstMs: 10 });
    client.send(request(3, 2), request(4, 2), request(5, 2), request(6, 2));
    expect((await client.next()).body[0]).toBe(3);
    server.reconfigure({ connectionRequestsPerSecond: 0 });
    for (let id = 4; id < 7; id++) expect((await client.next()).body[0]).toBe(id);
  });
});
