/** Who may do what: every operation there is, and some that there are not, for every role. */

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OP_NAMES } from '../../../src/protocol/op-codes.ts';
import { Authenticator, UserDirectory } from '../../../src/security/index.ts';
import { type CaskServer, listen } from '../../../src/server/index.ts';
import { UsersOnDisk } from '../security/users-on-disk.ts';
import { MemoryStore } from './memory-store.ts';
import { PREAMBLE, request, WireClient } from './wire-client.ts';

const ROLES = ['none', 'read', 'write', 'admin'] as const;
type NeededRole = (typeof ROLES)[number];

/** What the table in docs/protocol.md says: by operation, the role that it needs. */
const PAGE = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8');
const ROWS = [...PAGE.matchAll(/^\| `(none|read|write|admin)`[^|]* \| ([A-Z_, ]+) \|$/gm)];
const NEEDED: ReadonlyMap<string, NeededRole> = new Map(
  ROWS.flatMap(([, role, names = '']) => names.split(', ').map((name) => [name, role] as never)),
);

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

async function connectAs(role: NeededRole): Promise<WireClient> {
  const client = await WireClient.open(server.address.port);
  const auth = role === 'none' ? {} : { auth: { user: role, password: `pw-${role}` } };
  client.send(PREAMBLE, request(1, 1, { client: 'test', ...auth }));
  expect((await client.next()).body.slice(0, 2)).toEqual([1, 0]);
  return client;
}

test('docs/protocol.md gives every operation its role', () => {
  const known = OP_NAMES.filter((name) => name !== undefined);
  expect(ROWS.map(([, role]) => role)).toEqual(ROLES);
  expect([...NEEDED.keys()].toSorted()).toEqual(known.toSorted());
});

describe.each(ROLES)('with the role %s', (role) => {
  const operations = [...OP_NAMES.entries()].filter(([, name]) => name !== undefined);

  test.each(operations)('operation %i, %s', async (op, name = '') => {
    const client = await connectAs(role);
    const needed = NEEDED.get(name) ?? 'admin';
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
