/** scripts/install.sh and uninstall.sh, into a folder. */

import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { skipsBecause, toolObstacle } from '../kernel/capabilities.ts';

const SCRIPTS = fileURLToPath(new URL('../../scripts/', import.meta.url));
const CONFIGURATION = 'etc/caskd/caskd.toml';
const DATA = 'var/lib/caskd/seg-0000000001.log';
const OUTDATED = '/usr/lib/systemd/system/caskd-outdated.service';

/** Some thousand small files, twice: in memory where there is such a folder. */
const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

let root: string;

function run(script: string, ...args: string[]): string {
  const { stdout, stderr, status } = spawnSync(join(SCRIPTS, script), args, {
    encoding: 'utf8',
    env: { ...process.env, DESTDIR: root, PREFIX: '/usr' },
  });
  if (status !== 0) throw new Error(`${script} ended with ${status}: ${stdout}${stderr}`);
  return stdout;
}

function install(): void {
  run('install.sh', '--node', process.execPath);
}

/** Every file with its mode, as `755 usr/bin/caskd`. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => `${(statSync(path).mode & 0o777).toString(8)} ${path.slice(root.length + 1)}`)
    .sort();
}

function listed(): string[] {
  const text = readFileSync(join(root, 'usr/lib/caskd/installed-files'), 'utf8');
  return text.split('\n').filter((line) => line !== '');
}

beforeAll(() => {
  root = mkdtempSync(join(MEMORY, 'caskd-install-'));
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

describe('install.sh, again, and uninstall.sh', () => {
  let first: string[];

  test('puts programs, units and configuration in their places', () => {
    install();
    first = filesIn(root);
    for (const file of [
      '755 usr/bin/caskd',
      '755 usr/bin/caskctl',
      '644 usr/lib/systemd/system/caskd.service',
      '644 usr/lib/systemd/system/caskd.socket',
      '644 usr/lib/sysusers.d/caskd.conf',
      '644 usr/lib/tmpfiles.d/caskd.conf',
      '644 usr/share/man/man1/caskctl.1.gz',
      '644 usr/share/man/man8/caskd.8.gz',
      '644 usr/share/bash-completion/completions/caskctl',
      '644 usr/lib/caskd/dist/daemon/main.js',
      '755 usr/lib/caskd/uninstall.sh',
      `640 ${CONFIGURATION}`,
    ]) {
      expect(first).toContain(file);
    }
    for (const path of listed()) expect(existsSync(join(root, path))).toBe(true);
    expect(first.filter((line) => !/^(644|755|640) /.test(line))).toEqual([]);
    const elsewhere = first.filter((line) => !/^\d+ (usr\/lib\/caskd\/|etc\/)/.test(line));
    expect(elsewhere.map((line) => line.replace(/^\d+ /, '/')).sort()).toEqual(listed().sort());
  });

  test('the programs are complete', () => {
    const wrapper = readFileSync(join(root, 'usr/bin/caskd'), 'utf8');
    expect(wrapper).toBe(`#!/bin/sh\nexec ${process.execPath} /usr/lib/caskd/bin/caskd.js "$@"\n`);
    for (const program of ['caskd.js', 'caskctl.js']) {
      const args = [join(root, 'usr/lib/caskd/bin', program), '--help'];
      const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toContain('Usage: ');
    }
  });

  test('again: an upgrade that leaves alone what is the user’s', () => {
    writeFileSync(join(root, CONFIGURATION), 'logLevel = "debug"\n');
    mkdirSync(join(root, 'var/lib/caskd'), { recursive: true });
    writeFileSync(join(root, DATA), 'data');
    writeFileSync(join(root, OUTDATED), '[Unit]\n');
    const list = join(root, 'usr/lib/caskd/installed-files');
    writeFileSync(list, `${OUTDATED}\n`, { flag: 'a' });
    install();
    const second = filesIn(root).filter((line) => !line.endsWith(DATA));
    expect(second).toEqual(first);
    expect(readFileSync(join(root, CONFIGURATION), 'utf8')).toBe('logLevel = "debug"\n');
  });

  test('uninstalled, only configuration and data stay', () => {
    expect(run('uninstall.sh')).toContain('What is yours stays');
    expect(filesIn(root)).toEqual([`640 ${CONFIGURATION}`, `644 ${DATA}`]);
    expect(existsSync(join(root, 'usr/lib/caskd'))).toBe(false);
    expect(run('uninstall.sh')).toContain('not installed');
  });
});

const sysusers = toolObstacle('systemd-sysusers') ?? toolObstacle('systemd-tmpfiles');
const notRoot = process.getuid?.() === 0 ? undefined : 'needs root';
const withoutUsers = skipsBecause('user and directories', sysusers ?? notRoot);

test.skipIf(withoutUsers)('user and directories are made, and only their owner gets in', () => {
  const etc = join(root, 'etc/caskd');
  mkdirSync(etc, { recursive: true });
  writeFileSync(join(etc, 'caskd.toml'), '');
  for (const tool of ['sysusers', 'tmpfiles']) {
    const settings = join(SCRIPTS, `systemd/${tool}.d/caskd.conf`);
    const args = [`--root=${root}`, ...(tool === 'tmpfiles' ? ['--create'] : []), settings];
    const { status, stderr } = spawnSync(`systemd-${tool}`, args, { encoding: 'utf8' });
    expect(status, stderr).toBe(0);
  }
  const passwd = readFileSync(join(root, 'etc/passwd'), 'utf8');
  const [, uid, gid] = /^caskd:[^:]*:(\d+):(\d+):/m.exec(passwd) ?? [];
  const ownerAndMode = (path: string) => {
    const { uid: owner, gid: group, mode } = statSync(join(root, path));
    return [String(owner), String(group), (mode & 0o777).toString(8)];
  };
  expect(ownerAndMode('var/lib/caskd')).toEqual([uid, gid, '700']);
  expect(ownerAndMode('etc/caskd')).toEqual(['0', gid, '750']);
  expect(ownerAndMode(CONFIGURATION)).toEqual(['0', gid, '640']);
});
