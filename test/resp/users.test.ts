/** Where users are asked for: who is nobody, who may not, and who may only touch some keys. */

import { afterAll, beforeAll, expect, it } from 'vitest';
import { Authenticator, UserDirectory } from '../../src/security/index.ts';
import { UsersOnDisk } from '../unit/security/users-on-disk.ts';
import { openRespFixture, type RespFixture } from './resp-fixture.ts';
import { Wire } from './wire.ts';

let disk: UsersOnDisk;
let users: UserDirectory;
let fixture: RespFixture;
const log = (): void => {};

beforeAll(async () => {
  disk = await UsersOnDisk.create(
    ['default', 'admin', 'password-1'],
    ['reader', 'read', 'password-2'],
    ['city', 'write', 'password-3', ['city:']],
  );
  users = await UserDirectory.open({ path: disk.path, log, lookIntervalMs: 1_000_000 });
  fixture = await openRespFixture({}, { authenticator: new Authenticator({ users, log }) });
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
  users.close();
  await disk.remove();
});

async function open(...login: string[]): Promise<Wire> {
  const wire = await Wire.open({ port: fixture.port });
  if (login.length > 0) expect(await wire.call('AUTH', ...login)).toBe('+OK\r\n');
  return wire;
}

it('nobody is served before AUTH, and small requests only are read', async () => {
  using wire = await open();
  const refusal = '-NOAUTH Authentication required.\r\n';
  for (const command of [['GET', 'a'], ['PING'], ['NOPE'], ['GET'], ['MULTI'], ['INFO']]) {
    expect(await wire.call(...command)).toBe(refusal);
  }
  expect(await wire.call('HELLO', '3')).toContain('-NOAUTH HELLO must be called');
  expect(await wire.call('AUTH', 'reader', 'wrong')).toContain('-WRONGPASS');
  expect(await wire.call('AUTH', 'reader', 'password-2')).toBe('+OK\r\n');
  using other = await open();
  other.write('*11\r\n');
  expect(await other.reply()).toContain('unauthenticated multibulk length');
});

it('AUTH with a password alone is of the user default; HELLO knows AUTH', async () => {
  using wire = await open('password-1');
  expect(await wire.call('CLIENT', 'LIST')).toContain('user=default');
  using other = await open();
  expect(await other.call('HELLO', '3', 'AUTH', 'reader', 'password-2')).toMatch(/^%7\r\n/);
  expect(await other.call('GET', 'nothing')).toBe('_\r\n');
});

it('what is sent behind AUTH waits for it', async () => {
  using wire = await open();
  const replies = await wire.calls([
    ['AUTH', 'password-1'],
    ['SET', 'a', '1'],
    ['GET', 'a'],
  ]);
  expect(replies).toEqual(['+OK\r\n', '+OK\r\n', '$1\r\n1\r\n']);
});

it('a reader reads, and a refusal breaks a transaction', async () => {
  using wire = await open('reader', 'password-2');
  expect(await wire.call('SET', 'a', '1')).toContain('-NOPERM set needs the role write');
  expect(await wire.call('CONFIG', 'GET', '*')).toContain('-NOPERM');
  expect(await wire.call('CLIENT', 'LIST')).toContain('-NOPERM');
  expect(await wire.call('GET', 'a')).not.toContain('NOPERM');
  const replies = await wire.calls([['MULTI'], ['DEL', 'a'], ['EXEC']]);
  expect(replies[2]).toContain('-EXECABORT');
});

it('a user who is limited to a prefix touches nothing beyond it, whatever the command', async () => {
  using wire = await open('city', 'password-3');
  expect(await wire.call('SET', 'city:bern', '1')).toBe('+OK\r\n');
  expect(await wire.call('SCAN', '0', 'MATCH', 'city:*')).toContain('city:bern');
  const beyond = [
    ...[
      ['GET', 'a'],
      ['SET', 'a', '1'],
      ['INCR', 'a'],
      ['DEL', 'a'],
      ['DEL', 'city:x', 'a'],
    ],
    ...[
      ['EXISTS', 'a'],
      ['EXISTS', 'city:x', 'a'],
      ['TTL', 'a'],
      ['EXPIRE', 'a', '1'],
      ['TYPE', 'a'],
    ],
    ...[
      ['MSET', 'city:x', '1', 'a', '1'],
      ['MSETNX', 'a', '1'],
      ['RENAME', 'city:bern', 'a'],
    ],
    ...[
      ['COPY', 'a', 'city:x'],
      ['SCAN', '0'],
      ['KEYS', '*'],
      ['DBSIZE'],
      ['RANDOMKEY'],
      ['FLUSHALL'],
    ],
    ...[
      ['WATCH', 'a'],
      ['OBJECT', 'ENCODING', 'a'],
      ['MEMORY', 'USAGE', 'a'],
      ['CASK.GET', 'a'],
    ],
    ...[['CASK.RANGE', '-', '+'], ['INFO'], ['GETDEL', 'a'], ['SET', 'a', '1', 'GET']],
  ];
  for (const command of beyond)
    expect(await wire.call(...command), `${command}`).toContain('-NOPERM');
  expect(await wire.call('MGET', 'city:bern', 'a')).toContain('-NOPERM');
  const replies = await wire.calls([['MULTI'], ['SET', 'a', '1'], ['EXEC']]);
  expect(replies[2]).toContain('-NOPERM');
  expect(await wire.call('GET', 'city:bern')).toBe('$1\r\n1\r\n');
});

it('RESET makes nobody of somebody', async () => {
  using wire = await open('password-1');
  expect(await wire.call('RESET')).toBe('+RESET\r\n');
  expect(await wire.call('GET', 'a')).toBe('-NOAUTH Authentication required.\r\n');
});
