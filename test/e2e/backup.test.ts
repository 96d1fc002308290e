/** A daemon under load is backed up, killed, and its backup served by another. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect } from '../../src/client/index.ts';
import { DaemonProcess } from './daemon-process.ts';

const CASKD = fileURLToPath(new URL('../../bin/caskd.js', import.meta.url));
const CASKCTL = fileURLToPath(new URL('../../bin/caskctl.js', import.meta.url));

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'caskd-backup-'));
});

afterAll(() => rm(root, { recursive: true }));

async function caskctl(port: number, ...words: string[]): Promise<string> {
  const child = spawn(process.execPath, [CASKCTL, ...words], {
    env: { ...process.env, CASKD_URL: `cask://127.0.0.1:${port}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
  }
  const [code] = (await once(child, 'close')) as [number | null];
  return `${code}: ${out}`;
}

function start(data: string, ...flags: string[]): DaemonProcess {
  const args = ['--data', join(root, data), '--listen', '127.0.0.1:0', ...flags];
  return new DaemonProcess(args, { script: CASKD });
}

it('backup, kill -9, restore, serve', async () => {
  const backups = join(root, 'backups');
  await mkdir(backups);
  const daemon = start('data', '--backup-directory', backups, '--segment-bytes', '64k');
  const port = await daemon.port();
  const db = await connect({ port });
  let written = 0;
  let isOver = false;
  const writing = (async () => {
    for (; !isOver; written += 1) await db.put(`key:${written % 100}`, String(written));
  })();
  while (written < 300) await new Promise((resolve) => setTimeout(resolve, 5));
  const atLeast = written;
  const taken = await caskctl(port, 'backup', '--keep', '2', '--json');
  isOver = true;
  await writing;
  expect(taken).toMatch(/^0: \{/);
  const { path, revision, damaged } = JSON.parse(taken.slice(3));
  expect(damaged).toEqual([]);
  expect(revision).toBeGreaterThanOrEqual(atLeast);
  expect(await caskctl(port, 'backup', '/etc')).toMatch(/^1: BAD_REQUEST: /);
  await db.close();
  daemon.kill('SIGKILL');
  await daemon.exited;

  const target = join(root, 'restored');
  expect(await caskctl(1, 'restore', backups, target)).toMatch(/^0: restored /);
  expect(await readdir(path)).toContain('BACKUP');
  const second = start('restored');
  const restored = await connect({ port: await second.port() });
  // The last write to each key up to that revision: the n-th write has revision n.
  for (let key = 0; key < 100; key += 1) {
    const last = revision - 1 - ((revision - 1 - key) % 100);
    expect(await restored.get(`key:${key}`, { encoding: 'utf8' })).toBe(String(last));
  }
  expect((await restored.put('new', 'v')).revision).toBeGreaterThan(written);
  await restored.close();
  second.kill('SIGTERM');
  expect(await second.exited).toMatchObject({ code: 0 });
});
