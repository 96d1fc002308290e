/** Counters and expiries by the client, against the server: the keys of its own, and encodings. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CaskClient, connect } from '../../../src/client/index.ts';
import { type CaskServer, listen } from '../../../src/server/index.ts';
import { MemoryStore } from '../server/memory-store.ts';

let store: MemoryStore;
let server: CaskServer;
let client: CaskClient<'utf8'>;

beforeEach(async () => {
  store = new MemoryStore();
  const identity = { version: '1', serverId: 'x' };
  server = await listen({ store, host: '127.0.0.1', port: 0, identity });
  const { port } = server.address;
  client = await connect({ host: '127.0.0.1', port, keyPrefix: 'app:', encoding: 'utf8' });
});

afterEach(async () => {
  await client.close();
  await server.close();
});

test('every one of them stays within the prefix', async () => {
  for (const key of ['n', 'k']) store.put(key, Buffer.from('7'));
  expect((await client.incr('n')).value).toBe(1n);
  expect(await client.ttl('k')).toBeUndefined();
  expect(await client.touch('k', { ttlMs: 1000 })).toBe(false);
  expect(await client.persist('k')).toBe(false);
  expect(await client.getAndDelete('k')).toBeUndefined();
  expect([...store.entries.keys()]).toEqual(['n', 'k', 'app:n']);
  expect(await client.touch('n', { expiresAt: Date.now() + 2 ** 40 })).toBe(true);
  expect(await client.ttl('n')).toBeGreaterThan(2 ** 39);
  expect(await client.persist('n')).toBe(true);
  expect(await client.ttl('n')).toBe(Number.POSITIVE_INFINITY);
  expect(await client.getAndDelete('n')).toBe('1');
  expect([...store.entries.keys()]).toEqual(['n', 'k']);
});

test('a value comes back in the encoding that is asked for', async () => {
  await client.put('k', 'ä');
  expect(await client.getAndDelete('k', { encoding: 'buffer' })).toEqual(Buffer.from('ä'));
});
