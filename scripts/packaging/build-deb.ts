/**
 * Builds a Debian package that brings its own Node:
 *
 *     npm run package:deb [-- --output FOLDER] [-- --compression xz|zstd|gzip|none]
 *
 * What goes in is what scripts/install.sh puts under /usr; `apt install ./caskd_*.deb` does the
 * rest. The clone needs its `npm ci`, the machine `dpkg-deb`.
 */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SCRIPTS = ['postinst', 'prerm', 'postrm'];
const CONFIGURATION_FILES = ['/etc/caskd/caskd.toml'];
/** What Node and `flock` need, and who makes the user. */
const DEPENDS = [
  'libatomic1',
  'libc6 (>= 2.28)',
  'libgcc-s1',
  'libstdc++6 (>= 8)',
  'util-linux',
  'init-system-helpers (>= 1.54)',
  'systemd | systemd-standalone-sysusers',
  'systemd | systemd-standalone-tmpfiles',
];
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };
const BYTES_PER_KIB = 1024;

export interface DebOptions {
  /** The folder of the package. */
  readonly output: string;
  /** As `dpkg-deb -Z` takes it. */
  readonly compression: string;
}

/** @returns the path of the package */
export function buildDeb({ output, compression }: DebOptions): string {
  const stage = mkdtempSync(join(tmpdir(), 'caskd-deb-'));
  try {
    const root = join(stage, 'root');
    execFileSync(join(ROOT, 'scripts/install.sh'), {
      stdio: 'inherit',
      env: { ...process.env, DESTDIR: root, PREFIX: '/usr' },
    });
    followDebian(root);
    const { name, text } = control(root);
    writeControlFiles(root, text);
    mkdirSync(output, { recursive: true });
    const path = join(output, name);
    const time = execFileSync('git', ['-C', ROOT, 'log', '-1', '--format=%ct']).toString().trim();
    execFileSync('dpkg-deb', ['--root-owner-group', `-Z${compression}`, '--build', root, path], {
      stdio: 'inherit',
      env: { ...process.env, SOURCE_DATE_EPOCH: time },
    });
    return path;
  } finally {
    rmSync(stage, { recursive: true });
  }
}

/** Where Debian wants things that elsewhere are in other places, and what dpkg does itself. */
function followDebian(root: string): void {
  const at = (path: string): string => join(root, path);
  for (const name of ['installed-files', 'uninstall.sh']) rmSync(at(`usr/lib/caskd/${name}`));
  renameSync(at('usr/share/zsh/site-functions'), at('usr/share/zsh/vendor-completions'));
  const documents = at('usr/share/doc/caskd');
  renameSync(join(documents, 'LICENSE'), join(documents, 'copyright'));
  renameSync(join(documents, 'CHANGELOG.md'), join(documents, 'changelog'));
  execFileSync('gzip', ['-9n', join(documents, 'changelog')]);
}

function control(root: string): { name: string; text: string } {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    version: string;
    description: string;
  };
  // a pre-release comes before its release
  const version = manifest.version.replace('-', '~');
  const architecture = ARCHITECTURES[process.arch];
  if (architecture === undefined) throw new Error(`there is no Node to bundle for ${process.arch}`);
  const text = [
    'Package: caskd',
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    'Maintainer: The caskd maintainers <caskd@localhost>',
    'Section: database',
    'Priority: optional',
    `Installed-Size: ${installedKib(root)}`,
    `Depends: ${DEPENDS.join(', ')}`,
    'Recommends: bash-completion',
    'Description: persistent key-value daemon',
    ` ${manifest.description}.`,
    ' .',
    ' The Node that it runs on is part of this package.',
    '',
  ];
  return { name: `caskd_${version}_${architecture}.deb`, text: text.join('\n') };
}

function filesBelow(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

function installedKib(root: string): number {
  const sizes = filesBelow(root).map((path) => statSync(join(root, path)).size);
  return sizes.reduce((sum, bytes) => sum + Math.ceil(bytes / BYTES_PER_KIB), 0);
}

function writeControlFiles(root: string, text: string): void {
  const units = readdirSync(join(root, 'usr/lib/systemd/system')).join(' ');
  const sums = filesBelow(root)
    .filter((path) => !CONFIGURATION_FILES.includes(`/${path}`))
    .map((path) => {
      const sum = createHash('md5').update(readFileSync(join(root, path)));
      return `${sum.digest('hex')}  ${path}\n`;
    });
  const folder = join(root, 'DEBIAN');
  mkdirSync(folder);
  writeFileSync(join(folder, 'control'), text);
  writeFileSync(join(folder, 'conffiles'), `${CONFIGURATION_FILES.join('\n')}\n`);
  writeFileSync(join(folder, 'md5sums'), sums.join(''));
  for (const name of SCRIPTS) {
    const source = readFileSync(join(ROOT, 'scripts/packaging/deb', name), 'utf8');
    const path = join(folder, name);
    writeFileSync(path, source.replaceAll('UNITS', units), { mode: 0o755 });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      output: { type: 'string', default: ROOT },
      compression: { type: 'string', default: 'xz' },
    },
  });
  console.log(buildDeb(values));
}
