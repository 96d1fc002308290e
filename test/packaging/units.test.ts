/** The units: hardened, correct, and not too tight for what the daemon does. */

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { DAEMON_ENVIRONMENT } from '../../scripts/daemon-environment.ts';
import { DaemonProcess } from '../e2e/daemon-process.ts';
import { skipsBecause, straceObstacle, toolObstacle } from '../kernel/capabilities.ts';

const UNITS = fileURLToPath(new URL('../../scripts/systemd/', import.meta.url));
const DOCKERFILE = fileURLToPath(new URL('../../Dockerfile', import.meta.url));
const DAEMON = fileURLToPath(new URL('../../bin/caskd.js', import.meta.url));
const SHELL = fileURLToPath(new URL('../../bin/caskctl.js', import.meta.url));
/** Of 10; memcached has 4.8, Debian's redis 1.2. */
const EXPOSURE_MAX = 1.5;

const files = readdirSync(UNITS).filter((name) => /\.(service|socket|timer)$/.test(name));
const services = files.filter((name) => name.endsWith('.service'));
const analyze = toolObstacle('systemd-analyze');
const withoutAnalyze = skipsBecause('units', analyze);
const withoutStrace = skipsBecause('system calls', analyze ?? straceObstacle());

function systemdAnalyze(...args: string[]): { output: string; status: number | null } {
  const { stdout, stderr, status } = spawnSync('systemd-analyze', args, { encoding: 'utf8' });
  return { output: `${stdout}${stderr}`, status };
}

describe.skipIf(withoutAnalyze)('units', () => {
  test.each(services)('%s is exposed to little', (name) => {
    const { output, status } = systemdAnalyze('security', '--offline=true', join(UNITS, name));
    expect(status).toBe(0);
    const [, exposure] = /Overall exposure level for \S+: ([\d.]+)/.exec(output) ?? [];
    expect(Number(exposure)).toBeLessThanOrEqual(EXPOSURE_MAX);
  });

  test('are understood word by word', () => {
    const directory = mkdtempSync(join(tmpdir(), 'caskd-units-'));
    for (const name of files) {
      // the programs are looked for
      const text = readFileSync(join(UNITS, name), 'utf8').replaceAll(/\/usr\/bin\/\w+/g, DAEMON);
      writeFileSync(join(directory, name), text);
    }
    const copies = files.map((name) => join(directory, name));
    const { output } = systemdAnalyze('verify', '--man=no', ...copies);
    // it may find fault with other units of this machine
    expect(output.split('\n').filter((line) => line.includes('caskd'))).toEqual([]);
    rmSync(directory, { recursive: true });
  });
});

test('the unit and the image set for the daemon what scripts measure it with', () => {
  const unit = readFileSync(join(UNITS, 'caskd.service'), 'utf8');
  const image = readFileSync(DOCKERFILE, 'utf8');
  for (const [name, value] of Object.entries(DAEMON_ENVIRONMENT)) {
    expect(unit).toMatch(new RegExp(`^Environment=${name}=${value}$`, 'm'));
    expect(image).toMatch(new RegExp(`^ +${name}=${value} `, 'm'));
  }
});

/** A system call, or those of a set such as `@system-service`, sets within sets resolved. */
function systemCallsOf(set: string): string[] {
  if (!set.startsWith('@')) return [set];
  const lines = systemdAnalyze('syscall-filter', set).output.split('\n').slice(1);
  return lines
    .map((line) => line.trim())
    .filter((name) => /^[@\w]/.test(name))
    .flatMap(systemCallsOf);
}

/** What the unit allows, as systemd reads `SystemCallFilter=`. */
function allowedSystemCalls(): Set<string> {
  const unit = readFileSync(join(UNITS, 'caskd.service'), 'utf8');
  // it is always allowed to go on and to end
  const allowed = new Set(systemCallsOf('@default'));
  for (const [, inverse, sets = ''] of unit.matchAll(/^SystemCallFilter=(~?)(.*)$/gm)) {
    for (const name of sets.split(' ').flatMap(systemCallsOf)) {
      if (inverse === '~') allowed.delete(name);
      else allowed.add(name);
    }
  }
  return allowed;
}

test.skipIf(withoutStrace)('the daemon makes no system call that its unit forbids', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'caskd-calls-'));
  const summary = join(directory, 'calls');
  const strace = ['strace', '-f', '-c', '-o', summary, process.execPath];
  const addresses = ['--listen', '127.0.0.1:0', '--http', '127.0.0.1:0'];
  const backups = join(directory, 'backups');
  mkdirSync(backups);
  const folders = ['--data', join(directory, 'data'), '--backup-directory', backups];
  const traced = new DaemonProcess([...addresses, ...folders], { node: strace, script: DAEMON });
  const { pid } = await traced.line('ready');
  const url = `cask://127.0.0.1:${await traced.port()}`;
  for (const words of [['put', 'key', 'value'], ['get', 'key'], ['merge'], ['backup']]) {
    const { status } = spawnSync(process.execPath, [SHELL, '--url', url, ...words]);
    expect(status).toBe(0);
  }
  process.kill(Number(pid), 'SIGTERM');
  await traced.exited;
  const used = readFileSync(summary, 'utf8').match(/\w+$/gm) ?? [];
  const allowed = allowedSystemCalls();
  expect(used).toContain('fdatasync');
  const notCalls = ['syscall', 'total'];
  expect(used.filter((name) => !allowed.has(name) && !notCalls.includes(name))).toEqual([]);
  rmSync(directory, { recursive: true });
});

test('the configuration that comes along is right, and is where the unit looks for it', () => {
  const unit = readFileSync(join(UNITS, 'caskd.service'), 'utf8');
  expect(unit).toContain('ExecStart=/usr/bin/caskd --config /etc/caskd/caskd.toml\n');
  const args = [DAEMON, '--config', join(UNITS, 'caskd.toml'), '--check-config'];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(/^data = "\/var\/lib\/caskd"/m);
});
