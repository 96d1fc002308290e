/** The client and a server that asks who it is. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { resolveClientOptions } from '../../../src/client/client-options.ts';
import {
  CaskClient,
  CaskError,
  connect,
  type ReconnectingEvent,
} from '../../../src/client/index.ts';
import { OutputBuffer } from '../../../src/protocol/output-buffer.ts';
import { encodePreamble } from '../../../src/protocol/preamble.ts';
import { encodeErrorReply } from '../../../src/protocol/reply-writer.ts';
import { Authenticator, UserDirectory } from '../../../src/security/index.ts';
import { type CaskServer, listen } from '../../../src/server/index.ts';
import { UsersOnDisk } from '../security/users-on-disk.ts';
import { MemoryStore } from '../server/memory-store.ts';
import { type FakePeer, FakeServer } from './fake-server.ts';

let disk: UsersOnDisk;
let users: UserDirectory;
let store: MemoryStore;
let server: CaskServer;

beforeEach(async () => {
  disk = await UsersOnDisk.create(['ada', 'admin', 'p@ss:/wörd'], ['bob', 'read', 'builder']);
  const log = () => {};
  users = await UserDirectory.open({ path: disk.path, log, lookIntervalMs: 1_000_000 });
  store = new MemoryStore();
  await serve(0);
});

afterEach(async () => {
  await server.close();
  users.close();
  await disk.remove();
});

async function serve(port: number): Promise<void> {
  server = await listen({
    store,
    host: '127.0.0.1',
    port,
    identity: { version: '1', serverId: 'x' },
    authenticator: new Authenticator({ users, log: () => {}, delay: async () => {} }),
    limits: { sweepIntervalMs: 5 },
  });
}

function as(user: string, password: string, options = {}) {
  return connect({ port: server.address.port, user, password, ...options });
}

test('user and password in the options, or percent-encoded in the url', async () => {
  await using db = await as('ada', 'p@ss:/wörd');
  expect(db.serverInfo?.auth).toBe(true);
  await db.put('k', 'v');
  const who = `ada:${encodeURIComponent('p@ss:/wörd')}`;
  await using same = await connect(`cask://${who}@127.0.0.1:${server.address.port}`);
  expect(await same.get('k', { encoding: 'utf8' })).toBe('v');
});

test('without them the error says what is missing', async () => {
  await expect(connect({ port: server.address.port })).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
    message: expect.stringContaining('wants user and password; none were given'),
  });
});

test('wrong ones are not tried again, and not told in the error', async () => {
  const attempt = as('ada', 'SECRET', { retryFirstConnect: true });
  await expect(attempt).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  await expect(attempt).rejects.not.toThrow('SECRET');
  expect(server.stats().connectionsAccepted).toBe(1);
});

test('what the role does not allow is FORBIDDEN, and the connection goes on', async () => {
  await using db = await as('bob', 'builder');
  await expect(db.put('k', 'v')).rejects.toMatchObject({
    code: 'FORBIDDEN',
    retryable: false,
    details: { operation: 'PUT', role: 'write' },
  });
  expect(await db.count()).toBe(0);
});

test('authenticate() switches the user, in order with the requests around it', async () => {
  await using db = await as('bob', 'builder');
  const before = db.put('a', '1').catch((error: { code: string }) => error.code);
  const switching = db.authenticate('ada', 'p@ss:/wörd');
  const after = db.put('b', '2').then(() => 'ok');
  expect(await Promise.all([before, switching, after])).toEqual(['FORBIDDEN', undefined, 'ok']);
});

test('authenticate() that fails leaves the user as it was', async () => {
  await using db = await as('bob', 'builder');
  await expect(db.authenticate('ada', 'no')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  expect(await db.count()).toBe(0);
});

test('a new connection is made as the user of the last authenticate()', async () => {
  await using db = await as('bob', 'builder', { reconnect: { baseMs: 1, jitterMs: 0 } });
  await db.authenticate('ada', 'p@ss:/wörd');
  const back = new Promise((resolve) => db.once('ready', () => resolve(undefined)));
  await restart();
  await back;
  await db.put('k', 'v');
});

async function restart(): Promise<void> {
  const { port } = server.address;
  await server.close();
  await serve(port);
}

test('who was removed is told, and does not come back', async () => {
  const db = await as('bob', 'builder', { reconnect: { baseMs: 1, jitterMs: 0 } });
  const ended = new Promise((resolve) => db.once('end', () => resolve(undefined)));
  const errors: string[] = [];
  db.on('error', ({ message }) => errors.push(message));
  await disk.write(['ada', 'admin', 'x']);
  await users.reload();
  await ended;
  expect(errors[0]).toContain('UNAUTHENTICATED: the user bob was removed or changed');
  await expect(db.get('k')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('one that is locked out waits for as long as it is told', async () => {
  const fake = await FakeServer.start();
  fake.greet = ({ socket }: FakePeer) => {
    const out = new OutputBuffer();
    out.append(encodePreamble());
    const details = { retryAfterMs: 70_000 };
    encodeErrorReply(out, 1, new CaskError('AUTH_LOCKED', 'too many', { details }));
    socket.end(out.take() ?? '');
  };
  const given = { port: fake.port, user: 'ada', password: 'x', retryFirstConnect: true };
  const db = new CaskClient(resolveClientOptions(given));
  const waiting = new Promise<ReconnectingEvent>((resolve) => db.once('reconnecting', resolve));
  const opening = db.open().catch((error: { code: string }) => error.code);
  const { delayMs, error } = await waiting;
  expect([error.code, delayMs]).toEqual(['AUTH_LOCKED', 70_000]);
  db.destroy();
  expect(await opening).toBe('CLOSED');
  await fake.stop();
});
