/** Every example runs against a daemon and prints what it promises. */

import { execFile, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DaemonProcess } from './daemon-process.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Lets `caskd` mean these sources instead of `dist`, which may be older. */
const SOURCES = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  const sources = { caskd: 'client', 'caskd/store': 'storage' };
  registerHooks({
    resolve: (name, context, next) => {
      const folder = sources[name];
      const url = new URL('src/' + folder + '/index.ts', ${JSON.stringify(`file://${ROOT}`)});
      return folder === undefined ? next(name, context) : next(url.href, context);
    },
  });
`)}`;

let directory: string;
let daemon: DaemonProcess;
let port: number;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'caskd-examples-'));
  const words = ['--data', join(directory, 'data'), '--listen', '127.0.0.1:0'];
  const script = join(ROOT, 'bin/caskd.js');
  daemon = new DaemonProcess([...words, '--durability', 'os'], { script });
  port = await daemon.port();
});

afterAll(async () => {
  daemon.kill('SIGTERM');
  await daemon.exited;
  await rm(directory, { recursive: true });
});

/** Runs an example; fails when it writes to stderr or ends with another code than 0. */
async function run(name: string): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ['--import', SOURCES, join(ROOT, 'examples', name)],
    { env: { ...process.env, CASKD_URL: `cask://127.0.0.1:${port}` } },
  );
  expect(stderr).toBe('');
  return stdout;
}

describe('examples', () => {
  it('quick-start', async () => {
    const out = await run('quick-start.ts');
    expect(out).toContain('get 3,700,000\nabsent undefined\n');
    expect(out).toContain('range city:basel 178,000 version 1\n');
    expect(out).not.toContain('city:bern ');
  });

  it('embedded', async () => {
    expect(await run('embedded.ts')).toBe(
      'note:1 = it is on disk when this resolves\nnote:3 = three\n' +
        'after reopening: it is on disk when this resolves\n',
    );
  });

  it('pipeline', async () => {
    const out = await run('pipeline.ts');
    expect(out).toMatch(/^20000 puts in .*\/s\n20000 are there\n$/);
  });

  it('optimistic-update', async () => {
    expect(await run('optimistic-update.ts')).toMatch(/^counted to 100, \d+ retries\n$/);
  });

  it('python', async (context) => {
    const python = spawnSync('python3', ['--version']);
    if (python.status !== 0) {
      context.skip('python3 is not installed here');
    }
    const script = join(ROOT, 'examples/python/session.py');
    const { stdout } = await promisify(execFile)('python3', [script, '127.0.0.1', String(port)], {
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    expect(stdout).toContain("get: b'one'\n");
    expect(stdout).toContain("range: [(b'python:b', 3), (b'python:c', 200000)]\n");
    expect(stdout).toContain('error: CONFLICT 20 not retryable revision is there\n');
    expect(stdout).toContain('delete: True True False\n');
  });
});
