/**
 * Packs the project and installs the tarball globally, on this Node and on the system's, into a
 * prefix of its own; then runs what a user would.
 *
 *     node scripts/packaging/try-npm.ts
 */

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const NODES = new Set([process.execPath, '/usr/bin/node', '/usr/local/bin/node']);

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(`not so: ${what}`);
}

/** The tarball; npm builds dist before. */
function pack(folder: string): string {
  const args = ['pack', '--silent', '--pack-destination', folder];
  const name = execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8' }).trim().split('\n').at(-1);
  return join(folder, name ?? '');
}

async function tryOn(node: string, tarball: string, place: string): Promise<void> {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  console.log(`== npm install --global on Node ${version} (${node})`);
  const prefix = join(place, `prefix-${version}`);
  const bin = join(place, `bin-${version}`);
  mkdirSync(bin);
  // whatever starts "node" gets this one
  symlinkSync(node, join(bin, 'node'));
  const env = { ...process.env, PATH: `${bin}:/usr/local/bin:/usr/bin:/bin` };
  const install = ['install', '--global', '--prefix', prefix, '--no-audit', '--no-fund', tarball];
  execFileSync('npm', install, { env, stdio: 'inherit' });
  const program = (name: string): string => join(prefix, 'bin', name);
  const { version: wanted } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  const said = execFileSync(program('caskd'), ['--version'], { env, encoding: 'utf8' });
  check(said === `${wanted}\n`, `caskd --version says ${wanted}`);
  for (const page of ['man1/caskctl.1', 'man8/caskd.8']) {
    check(existsSync(join(prefix, 'share/man', page)), `${page} is installed`);
  }
  await tryDaemon(program, env, join(place, `data-${version}`));
}

async function tryDaemon(
  program: (name: string) => string,
  env: NodeJS.ProcessEnv,
  data: string,
): Promise<void> {
  const args = ['--data', data, '--listen', '127.0.0.1:0', '--http', 'off'];
  const daemon = spawn(program('caskd'), args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(daemon, 'exit');
  let address = '';
  for await (const line of createInterface({ input: daemon.stdout })) {
    const event = JSON.parse(line) as { msg: string; address: string };
    ({ address } = event);
    if (event.msg === 'ready') break;
  }
  const caskctl = (...words: string[]): string => {
    const all = ['--url', `cask://${address}`, ...words];
    return spawnSync(program('caskctl'), all, { env, encoding: 'utf8' }).stdout;
  };
  check(caskctl('put', 'city:bern', '134000').startsWith('ok, revision'), 'put is answered');
  check(caskctl('get', 'city:bern') === '134000', 'get gives what was put');
  daemon.kill('SIGTERM');
  const [code] = (await exited) as [number | null];
  check(code === 0, 'the daemon stops with 0');
}

const place = mkdtempSync(join(tmpdir(), 'caskd-try-npm-'));
try {
  const tarball = pack(place);
  for (const node of [...NODES].filter((path) => existsSync(path))) {
    await tryOn(node, tarball, place);
  }
  console.log('the tarball installs and runs');
} finally {
  rmSync(place, { recursive: true });
}
