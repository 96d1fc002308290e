/** BACKUP: over a socket, and through the client. */

import { afterEach, expect, it } from 'vitest';
import { connect } from '../../../src/client/index.ts';
import { type CaskServer, listen } from '../../../src/server/index.ts';
import { MemoryStore } from './memory-store.ts';

let store: MemoryStore;
let server: CaskServer;

async function client(configured: string | null = '/backups') {
  const backupDirectory = configured ?? undefined;
  store = new MemoryStore();
  const identity = { version: '1.2.3', serverId: 'test' };
  server = await listen({ store, host: '127.0.0.1', port: 0, identity, backupDirectory });
  return connect({ port: server.address.port });
}

afterEach(() => server.close());

it('goes to the configured directory, or one within it', async () => {
  await using db = await client();
  expect(await db.backup()).toEqual({ path: '/backups/backup-1', revision: 0 });
  await db.backup({ directory: '/backups/daily', keep: 7, copies: true });
  await db.backup({ directory: '/backups', full: true });
  const no = { keep: undefined, copies: false, full: false, caskdVersion: '1.2.3' };
  expect(store.backups).toEqual([
    { ...no, directory: '/backups' },
    { ...no, directory: '/backups/daily', keep: 7, copies: true },
    { ...no, directory: '/backups', full: true },
  ]);
});

it.each([
  ['/etc'],
  ['/backups/../etc'],
  ['/backups/./x'],
  ['/backupsnot'],
  ['backups'],
  ['/'],
  [''],
])('is refused anywhere else: %s', async (directory) => {
  await using db = await client();
  await expect(db.backup({ directory })).rejects.toMatchObject({
    code: 'BAD_REQUEST',
    message: expect.stringContaining('/backups (backupDirectory)'),
  });
  expect(store.backups).toEqual([]);
});

it('is refused while no directory is configured', async () => {
  await using db = await client(null);
  await expect(db.backup({ directory: '/backups' })).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringContaining('backupDirectory'),
  });
  expect(store.backups).toEqual([]);
});
