/** SCRUB: over a socket, through the client. */

import { afterEach, expect, it } from 'vitest';
import { connect } from '../../../src/client/index.ts';
import { type CaskServer, listen } from '../../../src/server/index.ts';
import { MemoryStore } from './memory-store.ts';

let server: CaskServer;

afterEach(() => server.close());

it('runs, tells how it is, and stops', async () => {
  const store = new MemoryStore();
  const identity = { version: '0', serverId: 'test' };
  server = await listen({ store, host: '127.0.0.1', port: 0, identity });
  await using db = await connect({ port: server.address.port });
  expect(await db.scrubStatus()).toEqual({ running: false });
  expect(await db.scrub(4096)).toMatchObject({ segments: 1, bytes: 4096 });
  expect(await db.scrub()).toMatchObject({ bytes: 0 });
  expect(await db.scrubStatus()).toEqual({ running: true });
  expect(await db.stopScrub()).toBe(true);
  expect(await db.stopScrub()).toBe(false);
});
