/** The daemon with users and TLS, as a process. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ConnectOptions, connect } from '../../src/client/index.ts';
import { CertificateFiles, clientTls } from '../unit/security/certificates.ts';
import { UsersOnDisk } from '../unit/security/users-on-disk.ts';
import { DaemonProcess } from './daemon-process.ts';

const MEMORY_DAEMON = fileURLToPath(new URL('memory-daemon.ts', import.meta.url));
const CASKCTL = fileURLToPath(new URL('../../bin/caskctl.js', import.meta.url));
const FREE = ['--listen', '127.0.0.1:0'];

let users: UsersOnDisk;
let certificates: CertificateFiles;
const started: DaemonProcess[] = [];

beforeEach(async () => {
  users = await UsersOnDisk.create(['ada', 'admin', 'lovelace'], ['bob', 'read', 'builder']);
  certificates = await CertificateFiles.create();
});

afterEach(async () => {
  for (const daemon of started.splice(0)) {
    daemon.kill('SIGKILL');
    await daemon.exited;
  }
  await users.remove();
  await certificates.remove();
});

function start(args: string[], script = MEMORY_DAEMON): DaemonProcess {
  const daemon = new DaemonProcess(args, { script });
  started.push(daemon);
  return daemon;
}

function usersFlags(): string[] {
  return ['--users-file', users.path];
}

function tlsFlags(): string[] {
  return ['--tls-cert', certificates.cert, '--tls-key', certificates.key];
}

async function as(
  daemon: DaemonProcess,
  user: string,
  password: string,
  more: ConnectOptions = {},
) {
  return connect({ port: await daemon.port(), user, password, ...more });
}

/** @param auth user and password */
function statusOf(url: string, auth?: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = { ...clientTls(), ...(auth === undefined ? {} : { auth }) };
    get(url, options, (response) => resolve(response.resume().statusCode)).on('error', reject);
  });
}

describe('an address that others can reach', () => {
  test('is served with users and TLS', async () => {
    const addresses = ['--listen', '0.0.0.0:0', '--http', '0.0.0.0:0'];
    const daemon = start([...addresses, ...usersFlags(), ...tlsFlags()]);
    await using db = await as(daemon, 'ada', 'lovelace', { tls: clientTls() });
    await db.put('k', 'v');
    expect(db.serverInfo).toMatchObject({ auth: true, tls: true });
    await expect(connect({ port: await daemon.port() })).rejects.toMatchObject({
      code: 'TLS_REQUIRED',
    });
    const port = String((await daemon.line('http-ready'))['address'])
      .split(':')
      .at(-1);
    expect(await statusOf(`https://127.0.0.1:${port}/healthz`)).toBe(200);
    expect(await statusOf(`https://127.0.0.1:${port}/metrics`)).toBe(401);
    expect(await statusOf(`https://127.0.0.1:${port}/metrics`, 'bob:builder')).toBe(200);
  });

  test('is refused without TLS', async () => {
    const daemon = start(['--listen', '0.0.0.0:0', ...usersFlags()]);
    expect((await daemon.exited).code).toBe(3);
    expect(daemon.stderr).toContain('can be reached by others');
    expect(daemon.stdout).toBe('');
  });
});

describe('files that cannot be used', () => {
  test.each<[string, () => Promise<unknown>, string]>([
    ['users that others can read', () => chmod(users.path, 0o644), 'chmod 600'],
    ['a key of another', () => certificates.putKey('server-2'), 'key values mismatch'],
  ])('%s: exit code 2 before the store is opened', async (_, spoil, why) => {
    await spoil();
    const daemon = start([...FREE, ...usersFlags(), ...tlsFlags()]);
    expect((await daemon.exited).code).toBe(2);
    const line = daemon.lines.at(-1);
    expect(line).toMatchObject({ msg: 'security-failed', code: 'INVALID_OPTION' });
    expect(line?.['error']).toContain(why);
    expect(daemon.lines.map(({ msg }) => msg)).not.toContain('opening');
  });
});

interface Ran {
  readonly code: number | null;
  readonly out: string;
}

/** Runs a program; `answers` are typed when what comes before them has been shown. */
async function run(
  words: readonly string[],
  env: Record<string, string> = {},
  answers: readonly (readonly [shown: string, typed: string])[] = [],
): Promise<Ran> {
  const [program = '', ...args] = words;
  const child = spawn(program, args, { env: { PATH: process.env['PATH'], HOME: '', ...env } });
  const waiting = [...answers];
  let out = '';
  const take = (chunk: Buffer): void => {
    out += chunk.toString();
    const [next] = waiting;
    if (next === undefined || !out.includes(next[0])) return;
    waiting.shift();
    child.stdin.write(next[1]);
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out };
}

describe('caskctl', () => {
  const CTL = [process.execPath, CASKCTL];

  test('makes users, and works as them under TLS', async () => {
    const file = { CASKD_USERS_FILE: join(users.directory, 'made') };
    const password = { CASKCTL_PASSWORD: 'correct horse' };
    const made = await run([...CTL, 'user', 'add', 'eve', '--role', 'write'], {
      ...file,
      ...password,
    });
    expect(made).toEqual({ code: 0, out: 'ok, eve may write\n' });
    const flags = ['--users-file', file.CASKD_USERS_FILE, ...tlsFlags()];
    const daemon = start([...FREE, ...flags]);
    const env = {
      ...password,
      CASKD_URL: `casks://eve@127.0.0.1:${await daemon.port()}`,
      CASKCTL_TLS_CA: certificates.clientCa,
    };
    expect(await run([...CTL, 'put', 'k', 'v'], env)).toMatchObject({ code: 0 });
    const forbidden = await run([...CTL, 'merge'], env);
    expect(forbidden).toMatchObject({ code: 4, out: expect.stringContaining('role admin') });
    const wrong = await run([...CTL, 'count'], { ...env, CASKCTL_PASSWORD: 'x' });
    expect(wrong).toMatchObject({ code: 4, out: expect.stringContaining('UNAUTHENTICATED') });
    const untrusted = await run([...CTL, 'count'], { ...env, CASKCTL_TLS_CA: '' });
    expect(untrusted).toMatchObject({ code: 3, out: expect.stringContaining('--tls-ca') });
  });

  test('shows nothing of a password that is typed at a terminal', async () => {
    const daemon = start([...FREE, ...usersFlags()]);
    const url = `cask://127.0.0.1:${await daemon.port()}`;
    const command = [...CTL, '--url', url, '--user', 'ada', 'count'].join(' ');
    // script gives it a terminal of its own, which echoes unless told not to
    const inTerminal = ['script', '-qec', command, '/dev/null'];
    const ran = await run(inTerminal, {}, [['Password of ada: ', 'lovelace\n']]);
    expect(ran.code).toBe(0);
    expect(ran.out.replaceAll('\r', '')).toBe('Password of ada: \n0\n');
  });
});

describe('SIGHUP', () => {
  test('reads users and certificates anew, without waiting for a look at the files', async () => {
    const daemon = start([...FREE, ...usersFlags(), ...tlsFlags()]);
    await daemon.port();
    await users.write(['eve', 'read', 'apple']);
    await certificates.put('server-2');
    daemon.kill('SIGHUP');
    await daemon.line('users-reloaded');
    await using db = await as(daemon, 'eve', 'apple', { tls: clientTls() });
    expect(await db.count()).toBe(0);
    await expect(as(daemon, 'bob', 'builder', { tls: clientTls() })).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });
});
