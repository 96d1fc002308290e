// Builds dist, with the console, and manual pages and completion scripts in dist/share, where the
// compiler is installed; a production install brings dist with it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

// the documents are made by a script in TypeScript
const NODE_MAJOR_MIN = 24;

const compiler = new URL('../node_modules/.bin/tsc', import.meta.url).pathname;
const buildConsole = new URL('build-console.js', import.meta.url).pathname;
const documents = new URL('packaging/package-documents.ts', import.meta.url).pathname;

if (existsSync(compiler)) {
  run(compiler, ['-p', 'tsconfig.json']);
  run(process.execPath, [buildConsole]);
  const isNewEnough = Number.parseInt(process.versions.node, 10) >= NODE_MAJOR_MIN;
  if (isNewEnough && existsSync(documents)) run(process.execPath, [documents]);
}

function run(program, args) {
  const { status } = spawnSync(program, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
