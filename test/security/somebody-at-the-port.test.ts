/** Threats N of docs/security.md: somebody who reaches the port. */

import { once } from 'node:events';
import { connect as connectPlain } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { EXIT } from '../../src/daemon/exit-codes.ts';
import { exposureProblem } from '../../src/daemon/exposure.ts';
import { OP_NAMES } from '../../src/protocol/op-codes.ts';
import { ADDRESS_LOCKOUT, PAIR_LOCKOUT } from '../../src/security/authenticator.ts';
import { Lockout } from '../../src/security/lockout.ts';
import { DEFAULT_COST } from '../../src/security/password-hash.ts';
import { problemsOf } from '../unit/daemon/configuration/load.ts';
import { frame, HELLO, PREAMBLE, request, WireClient } from '../unit/server/wire-client.ts';
import { type SecuredServer, startSecured } from './secured-server.ts';

const UNAUTHENTICATED = 120;
const AUTH_LOCKED = 122;
const AUTH = 15;

let secured: SecuredServer;

beforeEach(async () => {
  secured = await startSecured();
});

afterEach(() => secured[Symbol.asyncDispose]());

/** The code of the answer to a login from an address; 0: it is in. */
async function login(user: string, password: string, address = '10.0.0.1'): Promise<string> {
  return secured.authenticator.authenticate(address, { user, password }).then(
    () => 'ok',
    (error: { code: string }) => error.code,
  );
}

test.each(['listen', 'http'])('N1 an address of others is refused for --%s', (setting) => {
  const open = [`--${setting}`, '0.0.0.0:7000'];
  const users = ['--users-file', 'u'];
  const tls = ['--tls-cert', 'c', '--tls-key', 'k'];
  for (const flags of [[], users, tls]) {
    expect(problemsOf([...open, ...flags]).exitCode).toBe(EXIT.address);
  }
  expect(() => problemsOf([...open, ...users, ...tls])).toThrow('no problem was found');
});

test('N1 the address that a socket turns out to have is looked at, too', () => {
  const nothing = { isAuthenticated: false, isTls: false, insecure: false };
  expect(exposureProblem({ host: '::', port: 1 }, nothing)).toContain('can be reached by others');
});

test('N2 every operation is refused to somebody without a user, and nothing is done', async () => {
  const served = ['HELLO', 'PING', 'AUTH'];
  for (const [op, name] of [...OP_NAMES.entries(), [4_000_000, 'unknown'] as const]) {
    if (name !== undefined && served.includes(name)) continue;
    const client = await secured.connect();
    expect((await client.ask(2, op, 'k', 'v'))[1]).toBe(UNAUTHENTICATED);
    await client.close();
  }
  expect(secured.store.openSessions).toBe(0);
  expect(secured.store.revision).toBe(0);
});

test('N3 a guess is expensive, and each further one waits twice as long', async () => {
  expect(2 ** DEFAULT_COST.logN * DEFAULT_COST.r * 128).toBe(32 * 1024 * 1024);
  for (let guess = 0; guess < 4; guess++) {
    expect(await login('admin', `guess ${guess}`)).toBe('UNAUTHENTICATED');
  }
  for (const waitMs of [1000, 2000, 4000]) {
    secured.pass(waitMs - 1);
    expect(await login('admin', 'pw-admin')).toBe('AUTH_LOCKED');
    secured.pass(1);
    expect(await login('admin', 'another guess')).toBe('UNAUTHENTICATED');
  }
});

test('N3 guesses of many users from one address, or from one IPv6 network, add up', async () => {
  for (let guess = 0; guess < 21; guess++) await login(`user${guess}`, 'x', `2001:db8::${guess}`);
  expect(await login('admin', 'pw-admin', '2001:db8::ffff')).toBe('AUTH_LOCKED');
  expect(await login('admin', 'pw-admin', '2001:db8:0:1::1')).toBe('ok');
});

test('N3 over the wire the answer is AUTH_LOCKED, and right credentials do not help', async () => {
  const client = await secured.connect('reader');
  for (let id = 2; id < 6; id++) await client.ask(id, AUTH, 'admin', 'x');
  expect((await client.ask(9, AUTH, 'admin', 'pw-admin'))[1]).toBe(AUTH_LOCKED);
});

test('N4 a wrong name and a wrong password are answered alike', async () => {
  const answers: unknown[] = [];
  for (const [user, password] of [
    ['admin', 'x'],
    ['nobody', 'x'],
    ['ada', 'x'],
    ['', ''],
  ]) {
    const client = await WireClient.open(secured.port);
    client.send(PREAMBLE, request(1, 1, { auth: { user, password } } as never));
    answers.push((await client.next()).body);
    await client.close();
  }
  expect(new Set(answers.map((body) => JSON.stringify(body))).size).toBe(1);
  const told = secured.events.filter(({ event }) => event === 'authentication-failed');
  expect(told.map(({ facts }) => facts['user'])).not.toContain('nobody');
});

test('N5 guesses on many connections at once gain next to nothing', async () => {
  const guesses = Array.from({ length: 30 }, (_, guess) => login('admin', `guess ${guess}`));
  const tried = (await Promise.all(guesses)).filter((code) => code === 'UNAUTHENTICATED');
  // the three that are free, the one that locks, and what was being hashed beside it
  expect(tried.length).toBeLessThanOrEqual(5);
});

test('N6 before a login frames, requests and time are short', async () => {
  const long = await secured.connect();
  long.send(frame(Buffer.alloc(0), 0, 16 * 1024 + 1));
  expect((await long.next()).body.slice(1, 3)).toEqual([103, 'FRAME_TOO_LARGE']);
  const many = await secured.connect();
  for (let id = 2; id < 18; id++) await many.ask(id, 2);
  expect((await many.ask(18, 2))[1]).toBe(UNAUTHENTICATED);
  await many.ended;
  await secured[Symbol.asyncDispose]();
  secured = await startSecured({ limits: { handshakeTimeoutMs: 50 } });
  const slow = await WireClient.open(secured.port);
  slow.send(PREAMBLE, HELLO);
  await slow.ended;
  expect(slow.messages.at(-1)?.body.slice(1, 3)).toEqual([42, 'TIMEOUT']);
});

test('N6 handshakes of TLS that are underway are bounded, and end', async () => {
  await secured[Symbol.asyncDispose]();
  const limits = { maxConnections: 1, handshakeTimeoutMs: 1500 };
  secured = await startSecured({ tls: true, limits });
  const sockets = Array.from({ length: 80 }, () =>
    connectPlain(secured.port, '127.0.0.1').on('error', () => {}),
  );
  await Promise.all(sockets.map((socket) => once(socket, 'close')));
  // 1, and the 64 who would be told that there is no room
  expect(secured.server.stats()).toMatchObject({ connectionsRejected: 15, tlsFailures: 65 });
});

test('N7 few passwords are hashed at a time, few wait, and one that was right is known', async () => {
  const crowd = Array.from({ length: 200 }, (_, number) =>
    login(`user${number}`, 'x', `${number}`),
  );
  const codes = await Promise.all(crowd);
  expect(codes.filter((code) => code === 'BUSY').length).toBeGreaterThanOrEqual(200 - 2 - 64);
  expect(secured.authenticator.stats().waiting).toBe(0);
  const same = Array.from({ length: 200 }, () => login('admin', 'pw-admin'));
  expect(new Set(await Promise.all(same))).toEqual(new Set(['ok']));
});

test.each([
  ['addresses with users', PAIR_LOCKOUT],
  ['addresses', ADDRESS_LOCKOUT],
])('N8 the table of %s that failed is bounded, and the latest stay in it', (_, options) => {
  const lockout = new Lockout(options);
  for (let time = 0; time < options.freeFailures + 9; time++) lockout.failed('latest', 0);
  for (let number = 0; number < options.entriesMax - 1; number++) lockout.failed(`${number}`, 0);
  expect(lockout.waitMs('latest', 0)).toBeGreaterThan(0);
  for (let number = 0; number < 3 * options.entriesMax; number++) lockout.failed(`b${number}`, 0);
  expect(lockout.size).toBe(options.entriesMax);
});

test('N9 frames that are none end their connection, and no other', async () => {
  const other = await secured.connect('reader');
  for (const bytes of ['ff'.repeat(64), '00000001', '0000000500c1c1c1c1', '7fffffff00']) {
    const client = await secured.connect();
    client.send(Buffer.from(bytes, 'hex'));
    expect((await client.next()).body[0]).toBe(0);
    await client.ended;
  }
  expect((await other.ask(2, 3, 'k')).slice(0, 2)).toEqual([2, 0]);
});
