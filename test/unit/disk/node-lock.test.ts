import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NodeFileSystem } from '../../../src/storage/disk/node-file-system.ts';

const fs = new NodeFileSystem();
const { PATH } = process.env;
let directory = '';
let lockPath = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'caskd-lock-'));
  lockPath = join(directory, 'LOCK');
});
afterEach(() => {
  Object.assign(process.env, { PATH });
  rmSync(directory, { recursive: true });
});

async function holder(): Promise<ChildProcess> {
  const file = fileURLToPath(new URL('./fixtures/hold-lock.ts', import.meta.url));
  const child = spawn(process.execPath, [file, lockPath], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  return child;
}

/** Puts a `flock` that runs `script` in the place of the real one. */
function pretendFlock(script: string): void {
  const file = join(directory, 'flock');
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o700);
  Object.assign(process.env, { PATH: directory });
}

describe('the lock', () => {
  it('is held once in a process, says who has it, and can be taken anew', async () => {
    const lock = await fs.lock(lockPath);
    expect(readFileSync(lockPath, 'utf8')).toBe(`${process.pid}\n`);
    await expect(fs.lock(lockPath)).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining(`pid ${process.pid}`),
      details: { pid: process.pid },
    });
    await lock.release();
    await lock.release();
    expect(existsSync(lockPath)).toBe(true);
    const again = await fs.lock(lockPath);
    await again.release();
  });

  it('is refused while another process has it, and free once that is killed', async () => {
    const child = await holder();
    await expect(fs.lock(lockPath)).rejects.toMatchObject({
      code: 'LOCKED',
      retryable: true,
      message: expect.stringContaining(`pid ${child.pid}`),
    });
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    const lock = await fs.lock(lockPath);
    expect(readFileSync(lockPath, 'utf8')).toBe(`${process.pid}\n`);
    await lock.release();
  });

  it.each([
    ['an empty file', ''],
    ['garbage', 'x'.repeat(5000)],
    ['a dead pid', '999999999\n'],
    ['the pid of a living process', '1\n'],
  ])('is not held by %s', async (_, text) => {
    writeFileSync(lockPath, text);
    const lock = await fs.lock(lockPath);
    expect(readFileSync(lockPath, 'utf8')).toBe(`${process.pid}\n`);
    await lock.release();
  });

  it('names nobody when what stands in the file is no pid', async () => {
    const lock = await fs.lock(lockPath);
    writeFileSync(lockPath, 'nonsense 12');
    await expect(fs.lock(lockPath)).rejects.toThrowError(/in use: another process holds/);
    await lock.release();
  });
});

describe('without a lock there is no start', () => {
  it('when flock is not installed', async () => {
    Object.assign(process.env, { PATH: directory });
    await expect(fs.lock(lockPath)).rejects.toMatchObject({
      code: 'LOCK_UNAVAILABLE',
      message: expect.stringContaining('util-linux'),
    });
  });

  it('when flock fails otherwise', async () => {
    pretendFlock('echo "no locks available" >&2; exit 71');
    await expect(fs.lock(lockPath)).rejects.toMatchObject({
      code: 'LOCK_UNAVAILABLE',
      message: expect.stringMatching(/ended with 71: no locks available/),
    });
  });

  it('when flock is killed', async () => {
    pretendFlock('kill -9 $$');
    await expect(fs.lock(lockPath)).rejects.toMatchObject({ code: 'LOCK_UNAVAILABLE' });
  });

  it('when the directory is not there', async () => {
    await expect(fs.lock(join(directory, 'none', 'LOCK'))).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });
});
