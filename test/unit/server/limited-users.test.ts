/** Users who are limited to prefixes: every operation, within and beyond. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PlainValue } from '../../../src/protocol/msgpack-writer.ts';
import { OP_NAMES } from '../../../src/protocol/op-codes.ts';
import { Authenticator, UserDirectory } from '../../../src/security/index.ts';
import { type CaskServer, listen } from '../../../src/server/index.ts';
import { UsersOnDisk } from '../security/users-on-disk.ts';
import { MemoryStore } from './memory-store.ts';
import { PREAMBLE, request, WireClient } from './wire-client.ts';

const FORBIDDEN = 121;

let disk: UsersOnDisk;
let users: UserDirectory;
let store: MemoryStore;
let server: CaskServer;
let client: WireClient;

beforeEach(async () => {
  const prefixes = ['city:', Buffer.from([0xff])];
  disk = await UsersOnDisk.create(
    ['ada', 'write', 'lovelace', prefixes],
    ['root', 'admin', 'toortoor'],
  );
  const log = () => {};
  users = await UserDirectory.open({ path: disk.path, log, lookIntervalMs: 1_000_000 });
  store = new MemoryStore();
  const authenticator = new Authenticator({ users, log });
  const identity = { version: '1', serverId: 'x' };
  server = await listen({ store, host: '127.0.0.1', port: 0, identity, authenticator });
  client = await WireClient.open(server.address.port);
  const auth = { user: 'ada', password: 'lovelace' };
  client.send(PREAMBLE, request(1, 1, { client: 'test', auth }));
  await client.next();
  for (const key of ['a', 'city:bern', 'z']) store.put(key, Buffer.from('7'));
});

afterEach(async () => {
  await client.close();
  await server.close();
  users.close();
  await disk.remove();
});

/** Arguments of an operation for one key, and the same for a range. */
const WITH_KEY: Readonly<Record<string, (key: string | Buffer) => PlainValue[]>> = {
  GET: (key) => [key],
  EXISTS: (key) => [key],
  PUT: (key) => [key, 'w'],
  DELETE: (key) => [key],
  INCR: (key) => [key],
  TOUCH: (key) => [key, 1000],
  PERSIST: (key) => [key],
  TTL: (key) => [key],
  GET_AND_DELETE: (key) => [key],
  GET_MANY: (key) => [['city:bern', key]],
  BATCH: (key) => [
    [
      [0, 'city:new', 'w'],
      [1, key],
    ],
  ],
  RANGE: (key) => [null, null, key],
  COUNT: (key) => [null, null, key],
  DELETE_RANGE: (key) => [null, null, key],
};
/** These concern no key, or the connection alone. */
const HARMLESS = ['HELLO', 'PING', 'AUTH', 'CANCEL', 'SYNC'];

const operations = [...OP_NAMES.entries()].filter(([, name]) => name !== undefined);

describe.each(operations)('operation %i, %s', (op, name = '') => {
  const args = WITH_KEY[name];
  if (args !== undefined) {
    test.each([['city:bern'], ['city:'], [Buffer.from([0xff, 0x00])]])(
      '%j is within',
      async (key) => {
        expect((await client.ask(2, op, ...args(key)))[1]).toBe(0);
      },
    );

    test.each([['city'], ['town'], ['citz:'], [Buffer.from([0xfe])]])(
      '%j is beyond',
      async (key) => {
        const { revision } = store;
        const [, status, , message, , details] = await client.ask(2, op, ...args(key));
        expect(status).toBe(FORBIDDEN);
        expect(message).not.toContain(String(key));
        if (['GET_MANY', 'BATCH'].includes(name)) expect(details).toEqual({ index: 1 });
        expect(store.revision).toBe(revision);
        expect(store.entries.has('city:new')).toBe(false);
      },
    );
  } else if (HARMLESS.includes(name)) {
    test('concerns no keys of others', async () => {
      expect((await client.ask(2, op))[1]).not.toBe(FORBIDDEN);
    });
  } else {
    test('concerns all keys, and is refused', async () => {
      expect((await client.ask(2, op))[1]).toBe(FORBIDDEN);
    });
  }
});

describe('ranges', () => {
  const RANGE = 10;
  const COUNT = 8;

  test.each<[string, PlainValue[]]>([
    ['everything', []],
    ['an empty prefix', [null, null, '']],
    ['from within to the end of all', ['city:', null]],
    ['from within to an empty end', ['city:', '']],
    ['from the beginning of all', [null, 'city;']],
    ['beyond the end', ['city:', 'city;a']],
    ['a longer range around it', ['a', 'z', 'city']],
  ])('%s is refused', async (_, bounds) => {
    for (const op of [RANGE, COUNT]) {
      expect((await client.ask(2, op, ...bounds))[1]).toBe(FORBIDDEN);
    }
  });

  test('a cursor does not lead out', async () => {
    for (const [after, flags] of [
      ['a', 0],
      ['z', 1],
    ] as const) {
      const [, status, entries] = await client.ask(
        2,
        RANGE,
        null,
        null,
        'city:',
        after,
        null,
        flags,
      );
      expect(status).toBe(0);
      expect((entries as unknown[][]).map(([key]) => String(key))).toEqual(['city:bern']);
    }
  });
});

describe('when the limits change', () => {
  test('they count from the next request on', async () => {
    const line = (await disk.lines())[0] ?? '';
    await disk.writeLines(line.replace('city:', 'town:'));
    await users.reload();
    expect((await client.ask(2, 3, 'city:bern'))[1]).toBe(FORBIDDEN);
    expect((await client.ask(3, 3, 'town:bern'))[1]).toBe(0);
    await disk.writeLines(line.replace(/,"prefixes":.*\]/, ''));
    await users.reload();
    expect((await client.ask(4, 3, 'a'))[1]).toBe(0);
    await disk.writeLines(line);
    await users.reload();
    expect((await client.ask(5, 3, 'a'))[1]).toBe(FORBIDDEN);
  });

  test('another user on the same connection has its own', async () => {
    expect((await client.ask(2, 15, 'root', 'toortoor'))[1]).toBe(0);
    expect((await client.ask(3, 3, 'a'))[1]).toBe(0);
    expect((await client.ask(4, 15, 'ada', 'lovelace'))[1]).toBe(0);
    expect((await client.ask(5, 3, 'a'))[1]).toBe(FORBIDDEN);
  });
});
