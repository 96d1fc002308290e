/**
 * Puts everything that the programs need to run into a folder of their own:
 *
 *     node scripts/packaging/stage-program.ts FOLDER [--bundle-node]
 *
 * `bin`, `dist` (built anew), `node_modules` without what is optional or for development,
 * `package.json`, `LICENSE`; with `--bundle-node` also `node/bin/node`. The clone needs its
 * `npm ci`; nothing is fetched.
 */

import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { productionModules } from './production-modules.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const EXECUTABLE = 0o755;
/** Nothing reads these at run time: by their ends, and by their names in a package's own folder. */
const NOT_NEEDED = /\.([cm]?ts|map|yml)$/;
const FOLDERS_NOT_NEEDED = new Set(['.github', 'benchmark', 'docs', 'examples', 'test', 'tests']);

export function stageProgram(folder: string, bundleNode: boolean): void {
  mkdirSync(folder, { recursive: true });
  compile(join(folder, 'dist'));
  for (const name of ['package.json', 'LICENSE']) cpSync(join(ROOT, name), join(folder, name));
  cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true });
  for (const path of productionModules(ROOT)) copyPackage(path, folder);
  if (bundleNode) copyNode(folder);
}

function compile(folder: string): void {
  const quiet = ['--declaration', 'false', '--declarationMap', 'false', '--sourceMap', 'false'];
  const args = ['-p', join(ROOT, 'tsconfig.json'), '--outDir', folder, ...quiet];
  run(join(ROOT, 'node_modules/.bin/tsc'), args);
  run(process.execPath, [join(ROOT, 'scripts/build-console.js'), join(folder, 'console')]);
}

function run(program: string, args: readonly string[]): void {
  const { status, error } = spawnSync(program, args, { stdio: 'inherit' });
  if (error !== undefined) throw new Error(`${program}: ${error.message}; run npm ci first`);
  if (status !== 0) throw new Error('the sources do not compile');
}

/** A package without the packages below it: those have entries of their own. */
function copyPackage(path: string, folder: string): void {
  const from = join(ROOT, path);
  if (!existsSync(from)) throw new Error(`${path} is not installed; run npm ci first`);
  const isNeeded = (source: string): boolean => {
    const [first = ''] = relative(from, source).split('/');
    return first !== 'node_modules' && !FOLDERS_NOT_NEEDED.has(first) && !NOT_NEEDED.test(source);
  };
  cpSync(from, join(folder, path), { recursive: true, dereference: true, filter: isNeeded });
}

function copyNode(folder: string): void {
  const name = `node-${process.platform}-${process.arch}`;
  const from = join(ROOT, 'node_modules', name);
  if (!existsSync(join(from, 'bin/node'))) {
    throw new Error(`${name} is not installed (npm ci brings it), so there is no Node to bundle`);
  }
  const target = join(folder, 'node/bin/node');
  mkdirSync(dirname(target), { recursive: true });
  cpSync(join(from, 'bin/node'), target);
  chmodSync(target, EXECUTABLE);
  for (const file of readdirSync(from).filter((entry) => entry === 'LICENSE')) {
    cpSync(join(from, file), join(folder, 'node', file));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values, positionals } = parseArgs({
    options: { 'bundle-node': { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const [folder] = positionals;
  if (folder === undefined || positionals.length > 1) throw new Error('one folder is wanted');
  stageProgram(folder, values['bundle-node']);
}
