/** The shims of bin/, on this Node and on an older one, with programs that show what they got. */

import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DaemonProcess, isAlive } from './daemon-process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A Node below 24: the system's if it is one, otherwise this one made to say so. */
function olderNode(): string[] {
  for (const node of ['/usr/bin/node', '/usr/local/bin/node']) {
    const { stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' });
    const major = Number(/^v(\d+)/.exec(stdout ?? '')?.[1] ?? Number.NaN);
    if (major >= 18 && major < 24) return [node];
  }
  const preload = fileURLToPath(new URL('fake-old-node.mjs', import.meta.url));
  return [process.execPath, '--import', preload];
}

const PROGRAM = `
export async function main(argv) {
  const say = (msg, more) => console.log(JSON.stringify({ msg, pid: process.pid, ...more }));
  if (argv[2] === 'exit') {
    say('version', { node: process.versions.node, args: argv.slice(2), from: import.meta.url });
    process.exitCode = Number(argv[3]);
    return;
  }
  if (argv[2] === 'crash') process.kill(process.pid, 'SIGKILL');
  const timer = setInterval(() => {}, 1000);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      say(signal);
      if (signal !== 'SIGTERM') return;
      clearInterval(timer);
      process.exitCode = 7;
    });
  }
  say('up');
}
`;

let directory: string;
const processes: DaemonProcess[] = [];

beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'caskd-launch-')));
  for (const [place, folder, file] of [
    ['clone', 'src', 'main.ts'],
    ['package', 'dist', 'main.js'],
    ['bare', 'dist', 'main.js'],
  ] as const) {
    const root = join(directory, place);
    await cp(join(ROOT, 'bin'), join(root, 'bin'), { recursive: true });
    await writeFile(join(root, 'package.json'), '{"type":"module"}');
    for (const program of ['daemon', 'shell']) {
      await mkdir(join(root, folder, program), { recursive: true });
      await writeFile(join(root, folder, program, file), PROGRAM);
    }
    if (place !== 'bare') await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  }
});

afterAll(async () => {
  for (const { child } of processes) child.kill('SIGKILL');
  await rm(directory, { recursive: true });
});

function start(
  node: string[],
  args: string[],
  { place = 'clone', shim = 'caskd.js' } = {},
): DaemonProcess {
  const script = join(directory, place, 'bin', shim);
  const started = new DaemonProcess(args, { script, node });
  processes.push(started);
  return started;
}

describe.each([
  ['this Node', [process.execPath], true],
  ['an older Node', olderNode(), false],
] as const)('on %s', (_, command, same) => {
  const node = [...command];

  test.each(['caskd.js', 'caskctl.js'])('%s: arguments, exit code, version', async (shim) => {
    const run = start(node, ['exit', '42', 'a b', '--x'], { shim });
    expect(await run.exited).toEqual({ code: 42, signal: null });
    const said = run.lines[0];
    expect(said).toMatchObject({ args: ['exit', '42', 'a b', '--x'] });
    expect(said?.['from']).toContain(shim === 'caskd.js' ? '/src/daemon/' : '/src/shell/');
    expect(Number.parseInt(String(said?.['node']), 10)).toBeGreaterThanOrEqual(24);
    expect(said?.['pid'] === run.child.pid).toBe(same);
  });

  test('dist where there is no src', async () => {
    const run = start(node, ['exit', '0'], { place: 'package' });
    expect((await run.exited).code).toBe(0);
    expect(run.lines[0]?.['from']).toContain('/dist/daemon/main.js');
  });

  test('signals arrive, the exit code comes back', async () => {
    const run = start(node, ['serve']);
    await run.line('up');
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) {
      run.kill(signal);
      await run.line(signal);
    }
    expect(await run.exited).toEqual({ code: 7, signal: null });
  });

  test('a killed program is a killed shim', async () => {
    const run = start(node, ['crash']);
    expect(await run.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('kill -9 leaves no orphan', async () => {
    const run = start(node, ['serve']);
    const { pid } = await run.line('up');
    run.kill('SIGKILL');
    await run.exited;
    await expect.poll(() => isAlive(Number(pid)), { timeout: 2000 }).toBe(false);
  });
});

test('an older Node without the bundled one says what to do', async () => {
  const run = start(olderNode(), ['exit', '0'], { place: 'bare' });
  expect((await run.exited).code).toBe(1);
  expect(run.stderr).toMatch(/needs Node 24 or newer: this is Node .* Install a newer Node/);
});
