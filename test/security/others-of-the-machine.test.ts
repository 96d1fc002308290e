/** Threats M of docs/security.md: other users of the same machine. */

import { chmod, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { connect } from '../../src/client/index.ts';
import { parsePasswordHash } from '../../src/security/password-hash.ts';
import { changeUsersFile, readUsersFile } from '../../src/security/users-file.ts';
import { TlsIdentity } from '../../src/server/index.ts';
import { COMMANDS } from '../../src/shell/commands/command-table.ts';
import { targetOptions } from '../../src/shell/server-target.ts';
import { DaemonProcess } from '../e2e/daemon-process.ts';
import { CertificateFiles } from '../unit/security/certificates.ts';
import { UsersOnDisk } from '../unit/security/users-on-disk.ts';

const CASKD = fileURLToPath(new URL('../../bin/caskd.js', import.meta.url));
const FOREIGN_MODES = [0o640, 0o604, 0o620, 0o602, 0o610, 0o601];

let directory: string;
let umask: number;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'caskd-machine-'));
  // whatever is made from here on could be read by everyone
  umask = process.umask(0);
});

afterEach(async () => {
  process.umask(umask);
  await rm(directory, { recursive: true });
});

/** What of a directory, itself included, others could get at. */
async function openToOthers(path: string): Promise<string[]> {
  const names = await readdir(path, { recursive: true });
  const found: string[] = [];
  for (const name of ['.', ...names]) {
    const { mode } = await stat(join(path, name));
    if ((mode & 0o077) !== 0) found.push(`${name} ${(mode & 0o777).toString(8)}`);
  }
  expect(names.length).toBeGreaterThanOrEqual(3);
  return found;
}

test('M1 files of the store are for nobody else, and a shared directory is warned of', async () => {
  const data = join(directory, 'data');
  const backups = join(directory, 'backups');
  const flags = ['--listen', '127.0.0.1:0', '--data', data, '--backup-directory', backups];
  const first = new DaemonProcess(flags, { script: CASKD });
  {
    await using db = await connect({ port: await first.port() });
    await db.put('k', 'v');
    await db.delete('k');
    await db.put('l', 'v');
    await db.merge();
    await db.backup();
  }
  first.kill('SIGTERM');
  expect((await first.exited).code).toBe(0);
  expect(first.lines.map(({ msg }) => msg)).not.toContain('data-directory-shared');
  expect(await openToOthers(data)).toEqual([]);
  expect(await openToOthers(backups)).toEqual([]);
  await chmod(data, 0o755);
  const second = new DaemonProcess(flags, { script: CASKD });
  expect(await second.line('data-directory-shared')).toMatchObject({ mode: '0755' });
  second.kill('SIGKILL');
  await second.exited;
});

test('M2 a users file that others can get at is not read', async () => {
  const disk = await UsersOnDisk.create(['ada', 'admin', 'lovelace']);
  for (const mode of FOREIGN_MODES) {
    await chmod(disk.path, mode);
    await expect(readUsersFile(disk.path)).rejects.toThrow('chmod 600');
  }
  await disk.remove();
});

test('M2 a change makes a file that is for nobody else, all at once', async () => {
  const disk = await UsersOnDisk.create(['ada', 'admin', 'lovelace']);
  await changeUsersFile(disk.path, false, async (users) => {
    // until it is done the old one stands, whole
    expect(await readUsersFile(disk.path)).toEqual(users);
    return new Map();
  });
  expect((await stat(disk.path)).mode & 0o777).toBe(0o600);
  expect(await readdir(disk.directory)).toEqual(['users']);
  expect(await readFile(disk.path, 'utf8')).not.toContain('ada');
  await disk.remove();
});

test('M3 a private key that everyone can read is refused', async () => {
  const files = await CertificateFiles.create();
  for (const mode of [0o644, 0o604, 0o602]) {
    await chmod(files.key, mode);
    const opening = TlsIdentity.open({ files, log: () => {} });
    await expect(opening).rejects.toThrow('chmod 600');
  }
  await files.remove();
});

test('M4 no flag and no argument takes a password', () => {
  const flags = COMMANDS.flatMap((command) => command.flags);
  const withValue = flags.filter(({ kind }) => kind !== 'switch').map((flag) => flag.flags);
  const common = targetOptions({}).map((option) => option.flags);
  const args = COMMANDS.flatMap((command) => command.args.map(({ name }) => name));
  expect([...withValue, ...common, ...args].filter((it) => /passw|secret/i.test(it))).toEqual([]);
});

test('M5 what a users file can cost is bounded', async () => {
  const [salt, key] = ['A'.repeat(22), 'A'.repeat(43)];
  for (const cost of ['ln=19,r=8,p=1', 'ln=15,r=17,p=1', 'ln=15,r=8,p=9', 'ln=99,r=99,p=99']) {
    expect(parsePasswordHash(`$scrypt$${cost}$${salt}$${key}`)).toBeUndefined();
  }
  const disk = await UsersOnDisk.create();
  await disk.writeLines(`#${'x'.repeat(4 * 1024 * 1024)}`);
  await expect(readUsersFile(disk.path)).rejects.toThrow('larger than');
  const hash = `$scrypt$ln=15,r=8,p=3$${salt}$${key}`;
  const user = (number: number) => `{"name":"u${number}","role":"read","password":"${hash}"}`;
  await disk.writeLines(...Array.from({ length: 10_001 }, (_, number) => user(number)));
  await expect(readUsersFile(disk.path)).rejects.toThrow('more than 10000 users');
  await disk.remove();
});
