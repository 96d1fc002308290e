/** Logging in over a socket: HELLO's auth, AUTH, and what is refused before. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Authenticator, UserDirectory } from '../../../src/security/index.ts';
import { type CaskServer, listen } from '../../../src/server/index.ts';
import { UsersOnDisk } from '../security/users-on-disk.ts';
import { MemoryStore } from './memory-store.ts';
import { frame, HELLO, PREAMBLE, request, WireClient } from './wire-client.ts';

const LIMITS = { handshakeTimeoutMs: 10_000, sweepIntervalMs: 5, lingerMs: 100 };

let disk: UsersOnDisk;
let users: UserDirectory;
let store: MemoryStore;
let server: CaskServer;
let delayGate: Promise<void>;
let client: WireClient;

beforeEach(async () => {
  disk = await UsersOnDisk.create(['ada', 'admin', 'lovelace'], ['bob', 'read', 'builder']);
  await serve(LIMITS);
});

afterEach(async () => {
  await client.close();
  await server.close();
  users.close();
  await disk.remove();
});

async function serve(limits: typeof LIMITS): Promise<void> {
  const log = () => {};
  users = await UserDirectory.open({ path: disk.path, log, lookIntervalMs: 1_000_000 });
  store = new MemoryStore();
  delayGate = Promise.resolve();
  const authenticator = new Authenticator({ users, log, delay: () => delayGate });
  const identity = { version: '1', serverId: 'x' };
  server = await listen({ store, host: '127.0.0.1', port: 0, identity, authenticator, limits });
  client = await WireClient.open(server.address.port);
}

function helloAs(user: string, password: string, id = 1): Buffer {
  return request(id, 1, { client: 'test', version: '1', auth: { user, password } });
}

async function nameless(): Promise<void> {
  client.send(PREAMBLE, HELLO);
  await client.next();
}

describe('HELLO', () => {
  test('without auth says that it is wanted', async () => {
    client.send(PREAMBLE, HELLO);
    expect((await client.next()).body).toMatchObject([1, 0, { auth: true, tls: false }]);
    expect(store.openSessions).toBe(0);
  });

  test('with the right password opens the connection', async () => {
    client.send(PREAMBLE, helloAs('ada', 'lovelace'));
    expect((await client.next()).body).toMatchObject([1, 0, { auth: true }]);
    expect((await client.ask(2, 5, 'k', 'v')).slice(0, 2)).toEqual([2, 0]);
  });

  test('and requests behind it may come in one go: they wait for it', async () => {
    client.send(PREAMBLE, helloAs('ada', 'lovelace'), request(2, 5, 'k', 'v'), request(3, 3, 'k'));
    for (const id of [1, 2, 3]) expect((await client.next()).body.slice(0, 2)).toEqual([id, 0]);
  });

  test('with a wrong password is answered UNAUTHENTICATED, and nothing behind it is done', async () => {
    client.send(PREAMBLE, helloAs('ada', 'wrong'), request(2, 5, 'k', 'v'));
    expect((await client.next()).body.slice(0, 5)).toEqual([
      1,
      120,
      'UNAUTHENTICATED',
      'user or password is wrong',
      false,
    ]);
    await client.ended;
    expect(client.messages).toEqual([]);
    expect(store.revision).toBe(0);
  });

  test.each([
    ['a number', 5],
    ['a list', ['ada', 'lovelace']],
    ['an empty map', {}],
    ['a user alone', { user: 'ada' }],
    ['a list for a user', { user: ['ada'], password: 'lovelace' }],
  ])('with %s for auth is answered UNAUTHENTICATED', async (_, auth) => {
    client.send(PREAMBLE, request(1, 1, { auth }));
    expect((await client.next()).body.slice(0, 3)).toEqual([1, 120, 'UNAUTHENTICATED']);
    await client.ended;
  });
});

describe('AUTH', () => {
  test('says later who asks', async () => {
    await nameless();
    expect((await client.ask(2, 5, 'k', 'v')).slice(1, 3)).toEqual([120, 'UNAUTHENTICATED']);
    expect(await client.ask(3, 15, 'ada', 'lovelace')).toEqual([3, 0]);
    expect((await client.ask(4, 5, 'k', 'v')).slice(0, 2)).toEqual([4, 0]);
  });

  test('switches the user, for what was sent behind it', async () => {
    client.send(PREAMBLE, helloAs('bob', 'builder'));
    await client.next();
    client.send(
      request(2, 5, 'k', 'v'),
      request(3, 15, 'ada', 'lovelace'),
      request(4, 5, 'k', 'v'),
    );
    client.send(request(5, 15, 'bob', 'builder'), request(6, 5, 'k', 'v'));
    const told: unknown[] = [];
    for (let time = 0; time < 5; time++) told.push((await client.next()).body.slice(0, 2));
    expect(told).toEqual([
      [2, 121],
      [3, 0],
      [4, 0],
      [5, 0],
      [6, 121],
    ]);
    expect(store.openSessions).toBe(1);
  });

  test('that fails leaves a connection with a user as it was', async () => {
    client.send(PREAMBLE, helloAs('bob', 'builder'));
    await client.next();
    expect((await client.ask(2, 15, 'ada', 'wrong')).slice(1, 3)).toEqual([120, 'UNAUTHENTICATED']);
    expect((await client.ask(3, 3, 'k')).slice(0, 2)).toEqual([3, 0]);
    expect((await client.ask(4, 5, 'k', 'v')).slice(0, 2)).toEqual([4, 121]);
  });

  test('that fails closes a connection without one', async () => {
    await nameless();
    expect((await client.ask(2, 15, 'ada', 'wrong')).slice(1, 3)).toEqual([120, 'UNAUTHENTICATED']);
    await client.ended;
  });

  test('again and again is AUTH_LOCKED, which says for how long', async () => {
    client.send(PREAMBLE, helloAs('bob', 'builder'));
    await client.next();
    for (let id = 2; id < 6; id++) await client.ask(id, 15, 'ada', 'wrong');
    const [, status, name, , retryable, details] = await client.ask(6, 15, 'ada', 'lovelace');
    expect([status, name, retryable]).toEqual([122, 'AUTH_LOCKED', true]);
    const { retryAfterMs } = details as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(1000);
  });

  test('before HELLO is HANDSHAKE_REQUIRED', async () => {
    client.send(PREAMBLE, request(2, 15, 'ada', 'lovelace'));
    expect((await client.next()).body.slice(0, 3)).toEqual([2, 104, 'HANDSHAKE_REQUIRED']);
    await client.ended;
  });
});

describe('a connection without a user', () => {
  test('gets PING answered', async () => {
    await nameless();
    expect((await client.ask(2, 2, 'hi')).slice(0, 3)).toEqual([2, 0, Buffer.from('hi')]);
  });

  test('may not send long frames, and nothing is allocated for them', async () => {
    await nameless();
    client.send(frame(Buffer.alloc(0), 0, 16 * 1024 + 1));
    expect((await client.next()).body.slice(0, 3)).toEqual([0, 103, 'FRAME_TOO_LARGE']);
    await client.ended;
  });

  test('may send long frames behind right credentials', async () => {
    const value = Buffer.alloc(100_000, 'v');
    client.send(PREAMBLE, helloAs('ada', 'lovelace'), request(2, 5, 'k', value));
    for (const id of [1, 2]) expect((await client.next()).body.slice(0, 2)).toEqual([id, 0]);
  });

  test('is closed after few requests', async () => {
    await nameless();
    for (let id = 2; id < 18; id++) expect((await client.ask(id, 2))[0]).toBe(id);
    expect((await client.ask(18, 2)).slice(0, 3)).toEqual([18, 120, 'UNAUTHENTICATED']);
    await client.ended;
  });

  test('is closed at the deadline of the handshake', async () => {
    await client.close();
    await server.close();
    users.close();
    await serve({ ...LIMITS, handshakeTimeoutMs: 300 });
    client.send(PREAMBLE, HELLO);
    await client.ended;
    const body = client.messages.at(-1)?.body ?? [];
    expect(body.slice(0, 3)).toEqual([0, 42, 'TIMEOUT']);
    expect(body[3]).toMatch(/^no (HELLO|authentication) within 300 ms$/);
  });

  test('may go while its password is checked', async () => {
    const gate = Promise.withResolvers<void>();
    delayGate = gate.promise;
    client.send(PREAMBLE, helloAs('ada', 'wrong'));
    await client.close();
    gate.resolve();
    const other = await WireClient.open(server.address.port);
    other.send(PREAMBLE, helloAs('ada', 'lovelace'));
    expect((await other.next()).body.slice(0, 2)).toEqual([1, 0]);
    await other.close();
  });
});

describe('when the users change', () => {
  beforeEach(async () => {
    client.send(PREAMBLE, helloAs('bob', 'builder'));
    await client.next();
  });

  test('who was removed is disconnected', async () => {
    await disk.write(['ada', 'admin', 'lovelace']);
    await users.reload();
    const { body } = await client.next();
    expect(body.slice(0, 4)).toEqual([0, 3, 120, 'UNAUTHENTICATED']);
    await client.ended;
  });

  test('nothing more is done for who was removed, not even before the disconnect', async () => {
    store.put('k', Buffer.from('v'));
    await disk.write(['ada', 'admin', 'lovelace']);
    await users.reload();
    client.send(request(2, 3, 'k'));
    const { body } = await client.next();
    expect(body).toContain('UNAUTHENTICATED');
  });
});

test('the errors and logins are counted', async () => {
  client.send(PREAMBLE, helloAs('ada', 'lovelace'));
  await client.next();
  await client.ask(2, 15, 'bob', 'wrong');
  await client.ask(3, 15, 'bob', 'builder');
  await client.ask(4, 5, 'k', 'v');
  const [, , stats] = await client.ask(5, 11);
  expect(stats).toMatchObject({
    server: { requests: { AUTH: 2 }, errors: { UNAUTHENTICATED: 1, FORBIDDEN: 1 } },
    authentication: { users: 2, succeeded: 2, failed: 1, locked: 0, suspects: 1, waiting: 0 },
  });
});

test('where nobody is asked, credentials are ignored and AUTH is UNSUPPORTED', async () => {
  const identity = { version: '1', serverId: 'x' };
  const open = await listen({ store, host: '127.0.0.1', port: 0, identity });
  const other = await WireClient.open(open.address.port);
  other.send(PREAMBLE, helloAs('ada', 'whatever'));
  expect((await other.next()).body).toMatchObject([1, 0, { auth: false }]);
  expect((await other.ask(2, 15, 'ada', 'x')).slice(1, 3)).toEqual([8, 'UNSUPPORTED']);
  expect((await other.ask(3, 13)).slice(0, 2)).toEqual([3, 0]);
  await other.close();
  await open.close();
});
