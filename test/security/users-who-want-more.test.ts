/** Threats U of docs/security.md: users who want more than they may. */

import { afterEach, beforeEach, expect, test } from 'vitest';
import { SETTING_NAMES, settingNamed } from '../../src/daemon/configuration/schema.ts';
import { OP_NAMES } from '../../src/protocol/op-codes.ts';
import { commandOf } from '../../src/server/commands/command-table.ts';
import { openFixture } from '../unit/http/http-fixture.ts';
import { frame, request } from '../unit/server/wire-client.ts';
import { type SecuredServer, startSecured, USERS } from './secured-server.ts';

const UNAUTHENTICATED = 120;
const FORBIDDEN = 121;
const PUT = 5;
const GET = 3;
const AUTH = 15;
const RANKS = ['anyone', 'read', 'write', 'admin'];

let secured: SecuredServer;

beforeEach(async () => {
  secured = await startSecured();
  for (const key of ['a', 'city:bern', 'z']) secured.store.put(key, Buffer.from('v'));
});

afterEach(() => secured[Symbol.asyncDispose]());

test.each(['reader', 'writer', 'admin'])('U1 %s gets no further than the role', async (user) => {
  const [, role = ''] = USERS.find(([name]) => name === user) ?? [];
  const client = await secured.connect(user);
  for (const [op, name] of OP_NAMES.entries()) {
    if (name === undefined) continue;
    const command = commandOf(op);
    expect(command, name).toBeDefined();
    const mayRun = RANKS.indexOf(role) >= RANKS.indexOf(command?.role ?? '');
    const [, status] = await client.ask(op + 10, op);
    if (mayRun) expect([FORBIDDEN, UNAUTHENTICATED], name).not.toContain(status);
    else expect(status, name).toBe(FORBIDDEN);
  }
});

test('U1 the role comes before the arguments, however they are', async () => {
  const client = await secured.connect('reader');
  for (const args of [[], ['k', 'v'], [5, 5], ['k', 'v', 'bad condition'], [[[[]]]]]) {
    expect((await client.ask(2, PUT, ...args))[1]).toBe(FORBIDDEN);
  }
  // 2^32 + 5, -1 and the like are not PUT by another way
  for (const op of [2 ** 32 + PUT, 2 ** 52]) expect((await client.ask(2, op, 'k', 'v'))[1]).toBe(2);
  expect(secured.store.entries.has('k')).toBe(false);
});

test('U2 what is sent behind AUTH is run for the user that it gives', async () => {
  const client = await secured.connect('writer');
  client.send(
    request(2, PUT, 'one', 'v'),
    request(3, AUTH, 'reader', 'pw-reader'),
    request(4, PUT, 'two', 'v'),
    request(5, AUTH, 'writer', 'pw-writer'),
    request(6, PUT, 'three', 'v'),
    request(7, AUTH, 'admin', 'wrong'),
    request(8, 13),
  );
  const statuses: unknown[] = [];
  for (let answer = 0; answer < 7; answer++) {
    const [id, status] = (await client.next()).body;
    statuses.push([id, status]);
  }
  expect(statuses).toEqual([
    [2, 0],
    [3, 0],
    [4, FORBIDDEN],
    [5, 0],
    [6, 0],
    [7, UNAUTHENTICATED],
    [8, FORBIDDEN],
  ]);
  expect(secured.store.entries.has('two')).toBe(false);
});

test('U3 a lost role counts from the next request, a removed user is disconnected', async () => {
  const writer = await secured.connect('writer');
  const lines = await secured.disk.lines();
  await secured.disk.writeLines(
    ...lines.map((line) => line.replace('"writer","role":"write"', '"writer","role":"read"')),
  );
  await secured.users.reload();
  expect((await writer.ask(2, PUT, 'k', 'v'))[1]).toBe(FORBIDDEN);
  const reader = await secured.connect('reader');
  await secured.disk.writeLines(...lines.filter((line) => !line.includes('"reader"')));
  await secured.users.reload();
  expect((await reader.next()).body).toContain('UNAUTHENTICATED');
  await reader.ended;
});

test('U4 over HTTP the users, roles and locks are those of the wire protocol', async () => {
  const { authenticator, server } = secured;
  const store = secured.store as never;
  await using fixture = await openFixture({ security: { authenticator, tls: undefined } });
  fixture.http.serving({ store, server });
  const statusFor = async (user: string, password: string) => {
    const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
    return (await fetch(`${fixture.url}/v1/stats`, { headers: { authorization } })).status;
  };
  expect((await fetch(`${fixture.url}/v1/stats`)).status).toBe(401);
  expect(await statusFor('reader', 'pw-reader')).toBe(200);
  // statistics are about all keys
  expect(await statusFor('limited', 'pw-limited')).toBe(403);
  for (let guess = 0; guess < 4; guess++) await statusFor('admin', 'x');
  expect(await statusFor('admin', 'pw-admin')).toBe(429);
  const client = await secured.connect('reader');
  expect((await client.ask(2, AUTH, 'admin', 'pw-admin'))[2]).toBe('AUTH_LOCKED');
});

test('U5 prefixes cannot be got around', async () => {
  const client = await secured.connect('limited');
  const [getMany, del, exists, count, batch, range, stats, deleteRange] = [
    4, 6, 7, 8, 9, 10, 11, 16,
  ];
  const attempts: [number, unknown[]][] = [
    [GET, ['a']],
    [GET, ['city']],
    [PUT, ['a', 'v']],
    [del, ['z']],
    [exists, ['z']],
    [getMany, [['city:bern', 'a']]],
    [
      batch,
      [
        [
          [0, 'city:x', 'v'],
          [1, 'a'],
        ],
      ],
    ],
    [count, []],
    [count, [null, null, 'c']],
    [range, []],
    [range, [null, null, 'city:', 'a', null, 0].slice(0, 2)],
    [range, ['city:', '']],
    [range, ['city:', 'd']],
    [range, [null, 'city;']],
    [deleteRange, [null, null, 'c']],
    [stats, []],
    [AUTH, ['admin', 'wrong']],
  ];
  for (const [op, args] of attempts) {
    const [, status] = await client.ask(2, op, ...(args as never[]));
    expect([FORBIDDEN, UNAUTHENTICATED], `${op} ${JSON.stringify(args)}`).toContain(status);
  }
  expect([...secured.store.entries.keys()]).toEqual(['a', 'city:bern', 'z']);
  const [, , found] = await client.ask(3, range, null, null, 'city:', 'a');
  expect((found as unknown[][]).map(([key]) => String(key))).toEqual(['city:bern']);
});

test('U6 what names files, or protects, does not change while the daemon runs', () => {
  for (const name of SETTING_NAMES) {
    const { live, section, kind } = settingNamed(name);
    const isPath = kind.placeholder === '<path>';
    if (section === 'security' || isPath || name === 'listen' || name === 'http') {
      expect(live, name).toBe(false);
    }
  }
});

test('U6 a backup is not written just anywhere', async () => {
  const client = await secured.connect('admin');
  for (const place of ['/etc', '/tmp/x', '../x', '']) {
    expect((await client.ask(2, 20, place))[1]).not.toBe(0);
  }
});

test('U1 a frame with two requests in it is none', async () => {
  const client = await secured.connect('reader');
  const one = request(2, GET, 'a').subarray(5);
  const two = request(3, PUT, 'k', 'v').subarray(5);
  client.send(frame(Buffer.concat([one, two])));
  expect((await client.next()).body.slice(0, 3)).toEqual([0, 102, 'BAD_FRAME']);
  expect(secured.store.entries.has('k')).toBe(false);
});
