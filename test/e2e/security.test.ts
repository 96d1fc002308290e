/** The daemon with users and TLS, as a process. */

import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ConnectOptions, connect } from '../../src/client/index.ts';
import { CertificateFiles, clientTls } from '../unit/security/certificates.ts';
import { UsersOnDisk } from '../unit/security/users-on-disk.ts';
import { DaemonProcess } from './daemon-process.ts';

const MEMORY_DAEMON = fileURLToPath(new URL('memory-daemon.ts', import.meta.url));
const REAL_DAEMON = fileURLToPath(new URL('../../bin/caskd.js', import.meta.url));
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

describe('an address that others can reach', () => {
  test('is served with users and TLS', async () => {
    const daemon = start(['--listen', '0.0.0.0:0', ...usersFlags(), ...tlsFlags()]);
    await using db = await as(daemon, 'ada', 'lovelace', { tls: clientTls() });
    await db.put('k', 'v');
    expect(db.serverInfo).toMatchObject({ auth: true, tls: true });
    await expect(connect({ port: await daemon.port() })).rejects.toMatchObject({
      code: 'TLS_REQUIRED',
    });
  });

  test.each([
    ['neither', () => []],
    ['users alone', usersFlags],
    ['TLS alone', tlsFlags],
  ])('is refused with %s', async (_, flags) => {
    const daemon = start(['--listen', '0.0.0.0:0', ...flags()]);
    expect((await daemon.exited).code).toBe(3);
    expect(daemon.stderr).toContain('can be reached by others');
    expect(daemon.stdout).toBe('');
  });
});

describe('files that cannot be used', () => {
  test.each<[string, () => Promise<unknown>, string]>([
    ['users that others can read', () => chmod(users.path, 0o644), 'chmod 600'],
    ['no users file', () => rm(users.path), 'there is no such file'],
    ['a damaged line', () => users.writeLines('{"name":'), 'line 1 is not JSON'],
    ['a key that everyone can read', () => chmod(certificates.key, 0o644), 'chmod 600'],
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

describe('files of the store', () => {
  const HERE = process.umask();
  afterEach(() => {
    process.umask(HERE);
  });

  test('are open to nobody else, whatever the umask, and a shared directory is warned of', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'caskd-modes-'));
    process.umask(0);
    const data = join(parent, 'data');
    const first = start([...FREE, '--data', data], REAL_DAEMON);
    {
      await using db = await connect({ port: await first.port() });
      await db.put('k', 'v');
      await db.delete('k');
      await db.merge();
    }
    first.kill('SIGTERM');
    expect((await first.exited).code).toBe(0);
    expect(first.lines.map(({ msg }) => msg)).not.toContain('data-directory-shared');
    expect(await foreignBits(data)).toEqual([]);
    await chmod(data, 0o755);
    const second = start([...FREE, '--data', data], REAL_DAEMON);
    expect(await second.line('data-directory-shared')).toMatchObject({ mode: '0755' });
    await rm(parent, { recursive: true });
  });
});

/** What of a directory, itself included, others could get at. */
async function foreignBits(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true });
  expect(names.length).toBeGreaterThanOrEqual(3);
  const found: string[] = [];
  for (const name of ['.', ...names]) {
    const { mode } = await stat(join(directory, name));
    if ((mode & 0o077) !== 0) found.push(`${name} ${(mode & 0o777).toString(8)}`);
  }
  return found;
}
