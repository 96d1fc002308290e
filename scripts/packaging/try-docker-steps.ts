/**
 * Goes through the Dockerfile step by step without a container engine:
 *
 *     sudo node scripts/packaging/try-docker-steps.ts
 *
 * The context is the last commit, as far as .dockerignore lets it through. Each stage gets a root
 * folder of its own, with this machine's /usr (read-only), /etc and /dev in place of a base image
 * (Debian, glibc) and, for `node:*`, the Node that npm ci brought. Mounts live in a namespace of
 * their own and vanish with it. At the end the image's own command runs as the image's user on a
 * root that cannot be written, is found healthy, answers, and stops at SIGTERM.
 */

import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  assignments,
  execForm,
  isInContext,
  parseCopy,
  parseDockerfile,
  type Stage,
} from './dockerfile.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PATH = '/usr/local/bin:/usr/bin:/bin';
const FOLDERS = ['usr', 'etc', 'dev', 'proc', 'tmp', 'root', 'var/lib', 'usr-local/bin'];
/** As in Debian. */
const LINKS = ['bin', 'sbin', 'lib', 'lib64'];

/** A stage as far as it has come. */
class Build {
  readonly root: string;
  readonly environment: Record<string, string> = { PATH, HOME: '/root' };
  folder = '/';
  user = '0:0';
  readonly last = new Map<string, string>();

  constructor(root: string, image: string) {
    this.root = root;
    for (const folder of FOLDERS) mkdirSync(join(root, folder), { recursive: true });
    for (const link of LINKS) symlinkSync(`usr/${link}`, join(root, link));
    chmodSync(join(root, 'tmp'), 0o1777);
    if (image.startsWith('node:')) this.#bringNode();
  }

  /** The path outside of a path inside; /usr is the machine's, but for /usr/local. */
  outside(path: string): string {
    const absolute = path.startsWith('/') ? path : join(this.folder, path);
    const isLocal = absolute === '/usr/local' || absolute.startsWith('/usr/local/');
    return join(this.root, isLocal ? absolute.replace('/usr/local', '/usr-local') : absolute);
  }

  /** The shell lines that make this stage the root, for a namespace of its own. */
  mounts(isReadOnly: boolean): string[] {
    const at = (name: string): string => join(this.root, name);
    return [
      'set -e',
      `mount --bind ${this.root} ${this.root}`,
      `mount --bind /usr ${at('usr')}`,
      `mount -o remount,ro,bind ${at('usr')}`,
      `mount --bind ${at('usr-local')} ${at('usr/local')}`,
      ...['etc', 'dev', 'proc'].map((name) => `mount --rbind /${name} ${at(name)}`),
      ...(isReadOnly ? readOnly(this.root) : []),
    ];
  }

  run(command: string): void {
    const script = `cd ${this.folder} && ${command}`;
    const words = ['env', ...networkOfThisMachine(), 'sh', '-ec', script];
    const { status } = inNamespace([...this.mounts(false), inside(this, words)]);
    if (status !== 0) throw new Error(`RUN ${command}: exit code ${status}`);
  }

  #bringNode(): void {
    const platform = `node-${process.platform}-${process.arch}`;
    cpSync(join(ROOT, 'node_modules', platform, 'bin/node'), this.outside('/usr/local/bin/node'));
    const npm = execFileSync('sh', ['-c', 'readlink -f "$(command -v npm)"'], { encoding: 'utf8' });
    for (const name of ['npm', 'npx']) {
      const cli = join(dirname(npm.trim()), `${name}-cli.js`);
      const wrapper = this.outside(`/usr/local/bin/${name}`);
      writeFileSync(wrapper, `#!/bin/sh\nexec /usr/local/bin/node ${cli} "$@"\n`, { mode: 0o755 });
    }
  }
}

/** How this machine reaches the registry: an engine would have it configured, too. */
function networkOfThisMachine(): string[] {
  return ['NODE_EXTRA_CA_CERTS', 'http_proxy', 'https_proxy', 'no_proxy'].flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [`${name}=${value}`];
  });
}

function readOnly(root: string): string[] {
  const writable = ['tmp', 'var/lib/caskd'].map((name) => join(root, name));
  return [
    ...writable.map((path) => `mount --bind ${path} ${path}`),
    `mount -o remount,ro,bind ${root}`,
    `mount -o remount,ro,bind ${join(root, 'usr/local')}`,
  ];
}

function inNamespace(lines: readonly string[]): { status: number | null } {
  const script = lines.join('\n');
  return spawnSync('unshare', ['--mount', '--', 'bash', '-c', script], { stdio: 'inherit' });
}

/** A command line within the stage, as its user and with nothing but its environment. */
function inside({ root, user, environment, folder }: Build, words: readonly string[]): string {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const command = ['chroot', `--userspec=${user}`, root, 'env', '-i', `--chdir=${folder}`];
  return [...command, ...variables, ...words].map(shellWord).join(' ');
}

function shellWord(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

function runStage(stage: Stage, build: Build, context: string, earlier: Map<string, Build>): void {
  for (const { name, text } of stage.instructions) {
    console.log(`== ${name} ${text}`);
    switch (name) {
      case 'WORKDIR':
        build.folder = text;
        mkdirSync(build.outside(text), { recursive: true });
        break;
      case 'COPY':
        copy(text, build, context, earlier);
        break;
      case 'RUN':
        build.run(text);
        break;
      case 'ENV':
        Object.assign(build.environment, assignments(text));
        break;
      case 'USER':
        build.user = text;
        break;
      default:
        build.last.set(name, text);
    }
  }
}

function copy(text: string, build: Build, context: string, earlier: Map<string, Build>): void {
  const { from, sources, target } = parseCopy(text);
  for (const source of sources) {
    const path = from === undefined ? join(context, source) : earlier.get(from)?.outside(source);
    if (path === undefined) throw new Error(`there is no stage ${from}`);
    const isFolder = target.endsWith('/');
    cpSync(path, build.outside(isFolder ? join(target, basename(source)) : target), {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
}

/** Files of the last commit that a build would be sent. */
function makeContext(folder: string): void {
  const ignoreFile = readFileSync(join(ROOT, '.dockerignore'), 'utf8');
  const names = execFileSync('git', ['-C', ROOT, 'ls-tree', '-r', '--name-only', 'HEAD'], {
    encoding: 'utf8',
  });
  const wanted = names.split('\n').filter((path) => path !== '' && isInContext(path, ignoreFile));
  const archive = execFileSync('git', ['-C', ROOT, 'archive', 'HEAD', '--', ...wanted], {
    maxBuffer: 1024 ** 3,
  });
  mkdirSync(folder);
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
}

/** A container has its ports to itself; here others may have the usual one. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** What a container does: start, healthy, answers, stops when asked. */
async function runImage(build: Build): Promise<void> {
  const port = await freePort();
  Object.assign(build.environment, {
    CASKD_LISTEN: `0.0.0.0:${port}`,
    CASKD_HTTP: '0.0.0.0:0',
    CASKD_URL: `cask://127.0.0.1:${port}`,
  });
  const health = /CMD (\[.*\])$/.exec(build.last.get('HEALTHCHECK') ?? '')?.[1] ?? '[]';
  const [, seconds = ''] = /--timeout=(\d+)s/.exec(build.last.get('HEALTHCHECK') ?? '') ?? [];
  const caskctl = (...words: string[]): string => inside(build, ['caskctl', ...words]);
  const { status } = inNamespace([
    ...build.mounts(true),
    `${inside(build, execForm(build.last.get('ENTRYPOINT') ?? '[]'))} &`,
    'daemon=$!',
    'trap "kill -9 $daemon 2>/dev/null || true" EXIT',
    `healthy() { timeout ${seconds} ${inside(build, execForm(health))}; }`,
    'for i in $(seq 100); do healthy && break; kill -0 $daemon; sleep 0.1; done',
    'healthy',
    caskctl('put', 'city:bern', '134000'),
    `[ "$(${caskctl('get', 'city:bern')})" = 134000 ]`,
    ...['/app/x', '/usr/local/x'].map(
      (path) => `if ${inside(build, ['touch', path])} 2>/dev/null; then exit 9; fi`,
    ),
    'kill -TERM $daemon',
    'wait $daemon',
  ]);
  if (status !== 0) throw new Error(`the image does not run: exit code ${status}`);
}

if (spawnSync('unshare', ['--mount', 'true']).status !== 0) {
  console.log('skipped: only root may mount here, and the steps need a root folder of their own');
  process.exit(0);
}
const work = mkdtempSync(join(tmpdir(), 'caskd-docker-'));
chmodSync(work, 0o755);
try {
  const context = join(work, 'context');
  makeContext(context);
  const builds = new Map<string, Build>();
  let last: Build | undefined;
  for (const stage of parseDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))) {
    console.log(`== FROM ${stage.image} ${stage.name}`);
    const root = join(work, stage.name === '' ? 'last' : stage.name);
    last = new Build(root, stage.image);
    builds.set(stage.name, last);
    runStage(stage, last, context, builds);
  }
  if (last === undefined) throw new Error('the Dockerfile has no stage');
  execFileSync('du', ['-sh', join(last.root, 'app'), join(last.root, 'usr-local')], {
    stdio: 'inherit',
  });
  await runImage(last);
  console.log('every step of the Dockerfile succeeded, and the image runs');
} finally {
  rmSync(work, { recursive: true });
}
