/** Who may do what: every operation there is, and some that there are not, for every role. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OP_NAMES } from '../../../src/protocol/op-codes.ts';
import { Authenticator, UserDirectory } from '../../../src/security/index.ts';
import { type CaskServer, listen } from '../../../src/server/index.ts';
import { UsersOnDisk } from '../security/users-on-disk.ts';
import { MemoryStore } from './memory-store.ts';
import { PREAMBLE, request, WireClient } from './wire-client.ts';

/** What docs/protocol.md says; whatever is missing here fails the test that compares the lists. */
const NEEDED: Readonly<Record<string, 'none' | 'read' | 'write' | 'admin'>> = {
  HELLO: 'none',
  PING: 'none',
  AUTH: 'none',
  GET: 'read',
  GET_MANY: 'read',
  EXISTS: 'read',
  COUNT: 'read',
  RANGE: 'read',
  STATS: 'read',
  CANCEL: 'read',
  PUT: 'write',
  DELETE: 'write',
  BATCH: 'write',
  SYNC: 'write',
  MERGE: 'admin',
};

const ROLES = ['none', 'read', 'write', 'admin'] as const;
const UNKNOWN_OPS = [0, 200, 2 ** 32 - 1];
const UNAUTHENTICATED = 120;
const FORBIDDEN = 121;

let disk: UsersOnDisk;
let users: UserDirectory;
let store: MemoryStore;
let server: CaskServer;

beforeAll(async () => {
  disk = await UsersOnDisk.create(
    ['read', 'read', 'pw-read'],
    ['write', 'write', 'pw-write'],
    ['admin', 'admin', 'pw-admin'],
  );
  const log = () => {};
  users = await UserDirectory.open({ path: disk.path, log, lookIntervalMs: 1_000_000 });
  store = new MemoryStore();
  const authenticator = new Authenticator({ users, log });
  const identity = { version: '1', serverId: 'x' };
  server = await listen({ store, host: '127.0.0.1', port: 0, identity, authenticator });
});

afterAll(async () => {
  await server.close();
  users.close();
  await disk.remove();
});

async function connectAs(role: (typeof ROLES)[number]): Promise<WireClient> {
  const client = await WireClient.open(server.address.port);
  const auth = role === 'none' ? {} : { auth: { user: role, password: `pw-${role}` } };
  client.send(PREAMBLE, request(1, 1, { client: 'test', ...auth }));
  expect((await client.next()).body.slice(0, 2)).toEqual([1, 0]);
  return client;
}

test('every operation is known to this test, so that none is without a role', () => {
  const known = OP_NAMES.filter((name) => name !== undefined);
  expect(known.toSorted()).toEqual(Object.keys(NEEDED).toSorted());
});

describe.each(ROLES)('with the role %s', (role) => {
  const operations = [...OP_NAMES.entries()].filter(([, name]) => name !== undefined);

  test.each(operations)('operation %i, %s', async (op, name = '') => {
    const client = await connectAs(role);
    const needed = NEEDED[name] ?? 'admin';
    const before = store.revision;
    // no arguments: what is allowed complains of that, or does without
    const [id, status, , , , details] = await client.ask(9, op);
    expect(id).toBe(9);
    const isAllowed = ROLES.indexOf(role) >= ROLES.indexOf(needed);
    if (isAllowed) {
      expect([UNAUTHENTICATED, FORBIDDEN]).not.toContain(status);
    } else if (role === 'none') {
      expect(status).toBe(UNAUTHENTICATED);
    } else {
      expect([status, details]).toEqual([FORBIDDEN, { operation: name, role: needed }]);
    }
    expect(store.revision).toBe(before);
    await client.close();
  });

  test.each(UNKNOWN_OPS)('the unknown operation %i', async (op) => {
    const client = await connectAs(role);
    const [, status] = await client.ask(9, op);
    expect(status).toBe(role === 'none' ? UNAUTHENTICATED : 2);
    await client.close();
  });
});

describe('nothing is done for who may not', () => {
  const key = Buffer.from('k');
  const item = [0, key, Buffer.from('v')];
  test.each([
    ['PUT', 5, [key, Buffer.from('v')]],
    ['DELETE', 6, [key]],
    ['BATCH', 9, [[item]]],
  ])('%s by a reader', async (_, op, args) => {
    store.put('k', Buffer.from('old'));
    const { revision } = store;
    const client = await connectAs('read');
    expect((await client.ask(9, op, ...args))[1]).toBe(FORBIDDEN);
    expect((await client.ask(10, 3, key))[2]).toEqual(Buffer.from('old'));
    expect(store.revision).toBe(revision);
    await client.close();
  });

  test('MERGE, in each of its forms, by a writer', async () => {
    const client = await connectAs('write');
    for (const action of ['run', 'status', 'pause', 'resume']) {
      expect((await client.ask(9, 13, action))[1]).toBe(FORBIDDEN);
    }
    expect(store.paused).toBe(false);
    await client.close();
  });
});
