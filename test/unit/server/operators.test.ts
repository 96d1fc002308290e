/** CLIENTS and SLOW_LOG: over a socket, and through the client. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { type CaskClient, connect, type SlowEntry } from '../../../src/client/index.ts';
import { type CaskServer, listen, type ServerLimits } from '../../../src/server/index.ts';
import { MemoryStore } from './memory-store.ts';
import { request, WireClient } from './wire-client.ts';

let store: MemoryStore;
let server: CaskServer;
const opened: { close(): Promise<void> }[] = [];

async function start(limits: Partial<ServerLimits> = {}): Promise<void> {
  store = new MemoryStore();
  const identity = { version: '0', serverId: 'test' };
  const quick = { sweepIntervalMs: 10, lingerMs: 100, ...limits };
  server = await listen({ store, host: '127.0.0.1', port: 0, identity, limits: quick });
}

async function wire(): Promise<WireClient> {
  const client = await WireClient.greeted(server.address.port);
  opened.push(client);
  return client;
}

async function client(clientName: string): Promise<CaskClient> {
  const connected = await connect({ port: server.address.port, clientName });
  connected.on('error', () => {});
  opened.push(connected);
  return connected;
}

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  await server.close();
});

describe('CLIENTS list', () => {
  it('tells of each connection who it is and what it does', async () => {
    await start();
    const [app, operator] = [await client('app'), await client('operator')];
    await app.put('k', 'value');
    store.holding = true;
    const waiting = app.get('k');
    await vi.waitFor(() => expect(store.held.length).toBe(1));
    const [first, second, ...others] = await operator.clients();
    expect(others).toEqual([]);
    expect(first).toEqual({
      id: 1,
      address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      name: 'app',
      state: 'open',
      connectedAt: expect.any(Number),
      idleMs: expect.any(Number),
      requests: 3,
      bytesIn: expect.any(Number),
      bytesOut: expect.any(Number),
      inFlight: 1,
      pendingBytes: 0,
      lastOperation: 'GET',
    });
    expect(second).toMatchObject({ id: 2, name: 'operator', requests: 2, inFlight: 1 });
    expect(second?.lastOperation).toBe('CLIENTS');
    expect(first?.connectedAt).toBeLessThanOrEqual(Date.now());
    expect(first?.bytesIn).toBeGreaterThan(12 + 20);
    expect(first?.bytesOut).toBeGreaterThan(12 + 50);
    store.release();
    await waiting;
  });

  it('gives pages in the order of ids', async () => {
    await start();
    const clients = [await wire(), await wire(), await wire(), await wire()];
    await clients[1]?.close();
    await vi.waitFor(() => expect(server.stats().connectionsOpen).toBe(3));
    const page = async (after: number, limit: number) => {
      const [, , found, more] = (await clients[0]?.ask(2, 17, 'list', after, limit)) ?? [];
      return [(found as { id: number }[]).map(({ id }) => id), more];
    };
    expect(await page(0, 2)).toEqual([[1, 3], true]);
    expect(await page(3, 2)).toEqual([[4], false]);
    expect(await page(0, 0)).toEqual([[1], true]);
  });

  it('lists those that have not said HELLO, and cuts long names', async () => {
    await start();
    const silent = await WireClient.open(server.address.port);
    opened.push(silent);
    const long = await client('n'.repeat(1000));
    const [first, second] = await long.clients();
    expect(first).toMatchObject({ id: 1, state: 'greeting', name: '', requests: 0 });
    expect(first?.lastOperation).toBeUndefined();
    expect(second?.name).toBe('n'.repeat(128));
  });
});

describe('CLIENTS kill', () => {
  it('closes a connection, which is told by whom', async () => {
    await start();
    const [victim, operator] = [await wire(), await client('operator')];
    expect(await operator.killClient(1)).toBe(true);
    const { body } = await victim.next();
    expect(body).toEqual([0, 3, 111, 'KILLED', 'the connection was closed by client 2']);
    await victim.ended;
    expect(await operator.killClient(1)).toBe(false);
    expect(server.stats()).toMatchObject({ connectionsKilled: 1, errors: { KILLED: 1 } });
  });

  it('of a connection that has not said HELLO is an error of the connection', async () => {
    await start();
    const silent = await WireClient.open(server.address.port);
    opened.push(silent);
    await vi.waitFor(() => expect(server.stats().connectionsOpen).toBe(1));
    const operator = await client('operator');
    expect(await operator.killClient(1)).toBe(true);
    expect((await silent.next()).body.slice(0, 3)).toEqual([0, 111, 'KILLED']);
    await silent.ended;
  });

  it('who kills itself gets its reply first', async () => {
    await start();
    const own = await wire();
    expect(await own.ask(2, 17, 'kill', 1)).toEqual([2, 0, true]);
    expect((await own.next()).body.slice(0, 4)).toEqual([0, 3, 111, 'KILLED']);
    await own.ended;
  });

  it.each([
    [['kill'], 'kill needs the id of a client'],
    [['shoot', 1], 'action'],
    [['list', 'x'], 'id'],
  ])('%j is a bad request', async (args, message) => {
    await start();
    const own = await wire();
    const [, code, , said] = await own.ask(2, 17, ...args);
    expect([code, String(said).includes(message)]).toEqual([1, true]);
  });
});

describe('SLOW_LOG', () => {
  it('has what took long: kind, time, sizes and client, never the key', async () => {
    await start({ slowLogMs: 0 });
    const app = await client('app');
    await app.put('secret-key', Buffer.alloc(1000, 'secret-value'));
    await app.getMany(['a', 'b', 'c']);
    await app.rangePage({ limit: 10 });
    const { entries, slowRequests } = await app.slowLog();
    expect(slowRequests).toBe(4);
    const [range, getMany, put, hello] = entries;
    expect(put).toEqual({
      id: 2,
      at: expect.any(Number),
      ms: expect.any(Number),
      operation: 'PUT',
      clientId: 1,
      address: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
      client: 'app',
      requests: 1,
      bytesIn: expect.any(Number),
      bytesOut: 0,
      keyBytes: 10,
      items: 0,
    });
    expect(put?.bytesIn).toBeGreaterThan(1010);
    expect(getMany).toMatchObject({ operation: 'GET_MANY', items: 3, keyBytes: 0 });
    expect(range).toMatchObject({ operation: 'RANGE', items: 1 });
    expect(range?.bytesOut).toBeGreaterThan(1000);
    expect(hello).toMatchObject({ id: 1, operation: 'HELLO' });
    expect(JSON.stringify(entries)).not.toContain('secret');
    expect((await app.slowLog(1)).entries).toMatchObject([{ operation: 'SLOW_LOG' }]);
    expect((await app.slowLog(0)).entries).toEqual([]);
  });

  it('one stall is one entry of each client and kind', async () => {
    await start({ slowLogMs: 5 });
    const app = await wire();
    store.holding = true;
    app.send(...Array.from({ length: 40 }, (_, index) => request(index + 2, 5, 'key', 'value')));
    app.send(request(100, 3, 'key'));
    await vi.waitFor(() => expect(store.held.length).toBe(41));
    const sinceMs = performance.now();
    while (performance.now() - sinceMs < 6);
    store.release();
    for (let reply = 0; reply < 41; reply++) await app.next();
    const { latency, slowRequests } = server.stats();
    expect(slowRequests).toBeGreaterThanOrEqual(41);
    expect(latency['PUT']?.p50Ms).toBeGreaterThanOrEqual(6);
    const [, , entries] = await app.ask(200, 18);
    const [get, put] = entries as SlowEntry[];
    expect(get).toMatchObject({ operation: 'GET', requests: 1 });
    expect(put).toMatchObject({ operation: 'PUT', requests: 40, keyBytes: 3 });
    expect(put?.ms).toBeGreaterThanOrEqual(6);
  });

  it('reset forgets; without entries nothing is slow', async () => {
    await start({ slowLogMs: 0 });
    const app = await client('app');
    await app.exists('k');
    expect(await app.resetSlowLog()).toBe(2);
    expect((await app.slowLog()).entries).toMatchObject([{ id: 3 }]);
    await app.close();
    await server.close();
    await start({ slowLogMs: 0, slowLogEntries: 0 });
    expect(await (await client('app')).slowLog()).toEqual({ entries: [], slowRequests: 0 });
  });
});
