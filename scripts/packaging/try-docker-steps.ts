/**
 * Goes through the Dockerfile step by step without a container engine:
 *
 *     sudo node scripts/packaging/try-docker-steps.ts
 *
 * The context is the last commit, as far as .dockerignore lets it through. In place of a base
 * image each stage has this machine (Debian, glibc) below it, seen through an overlay of its own,
 * and for `node:*` the Node that npm ci brought. Mounts live in a namespace of their own and
 * vanish with it; nothing of the machine is changed. At the end the image's own command runs as
 * the image's user on a root that cannot be written, is found healthy, answers, and stops at
 * SIGTERM.
 */

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
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
import { freePort } from './free-port.ts';
import { OverlayRoot, overlayObstacle } from './overlay-root.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

/** A stage as far as it has come. */
class Build {
  readonly overlay: OverlayRoot;
  readonly environment: Record<string, string> = { PATH, HOME: '/root' };
  folder = '/';
  user = '0:0';
  readonly last = new Map<string, string>();

  constructor(place: string, image: string) {
    this.overlay = new OverlayRoot(place);
    if (image.startsWith('node:')) this.#bringNode();
  }

  /** What the stage has of its own at a path. */
  outside(path: string): string {
    return this.overlay.own(path.startsWith('/') ? path : join(this.folder, path));
  }

  run(command: string): void {
    const script = `cd ${this.folder} && ${command}`;
    const words = ['env', ...networkOfThisMachine(), 'sh', '-ec', script];
    const status = this.overlay.run([this.overlay.line(this, words)]);
    if (status !== 0) throw new Error(`RUN ${command}: exit code ${status}`);
  }

  #bringNode(): void {
    const bin = this.outside('/usr/local/bin');
    mkdirSync(bin, { recursive: true });
    const platform = `node-${process.platform}-${process.arch}`;
    cpSync(join(ROOT, 'node_modules', platform, 'bin/node'), join(bin, 'node'));
    const npm = execFileSync('sh', ['-c', 'readlink -f "$(command -v npm)"'], { encoding: 'utf8' });
    for (const name of ['npm', 'npx']) {
      const cli = join(dirname(npm.trim()), `${name}-cli.js`);
      const wrapper = `#!/bin/sh\nexec /usr/local/bin/node ${cli} "$@"\n`;
      writeFileSync(join(bin, name), wrapper, { mode: 0o755 });
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

/** As with `--read-only --tmpfs /tmp` and a volume. */
function readOnly(root: string): string[] {
  const data = join(root, 'var/lib/caskd');
  return [
    `mount -t tmpfs -o mode=1777 tmpfs ${join(root, 'tmp')}`,
    `mount --bind ${data} ${data}`,
    `mount -o remount,ro,bind ${root}`,
  ];
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

/** What a container does: start, healthy, answers, stops when asked. */
async function runImage(build: Build): Promise<void> {
  // a container has its ports to itself; here others may have the usual one
  const port = await freePort();
  Object.assign(build.environment, {
    CASKD_LISTEN: `0.0.0.0:${port}`,
    CASKD_HTTP: '0.0.0.0:0',
    CASKD_URL: `cask://127.0.0.1:${port}`,
  });
  const health = /CMD (\[.*\])$/.exec(build.last.get('HEALTHCHECK') ?? '')?.[1] ?? '[]';
  const [, seconds = ''] = /--timeout=(\d+)s/.exec(build.last.get('HEALTHCHECK') ?? '') ?? [];
  const inside = (...words: string[]): string => build.overlay.line(build, words);
  const status = build.overlay.run([
    ...readOnly(build.overlay.root),
    `${inside(...execForm(build.last.get('ENTRYPOINT') ?? '[]'))} &`,
    'daemon=$!',
    'trap "kill -9 $daemon 2>/dev/null || true" EXIT',
    `healthy() { timeout ${seconds} ${inside(...execForm(health))}; }`,
    'for i in $(seq 100); do healthy && break; kill -0 $daemon; sleep 0.1; done',
    'healthy',
    inside('caskctl', 'put', 'city:bern', '134000'),
    `[ "$(${inside('caskctl', 'get', 'city:bern')})" = 134000 ]`,
    ...['/app/x', '/usr/local/x'].map(
      (path) => `if ${inside('touch', path)} 2>/dev/null; then exit 9; fi`,
    ),
    'kill -TERM $daemon',
    'wait $daemon',
  ]);
  if (status !== 0) throw new Error(`the image does not run: exit code ${status}`);
}

const obstacle = overlayObstacle();
if (obstacle !== undefined) {
  console.log(`skipped: ${obstacle}`);
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
  execFileSync('du', ['-shc', last.outside('/app'), last.outside('/usr/local')], {
    stdio: 'inherit',
  });
  await runImage(last);
  console.log('every step of the Dockerfile succeeded, and the image runs');
} finally {
  rmSync(work, { recursive: true });
}
