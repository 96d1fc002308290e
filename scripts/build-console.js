// Builds the console: its scripts compiled, its other files as they are.
//
//     node scripts/build-console.js [FOLDER]      by default dist/console
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = join(ROOT, 'src/console');
const COPIED = /\.(html|css|svg)$/;

const folder = resolve(process.argv[2] ?? join(ROOT, 'dist/console'));
const compiler = join(ROOT, 'node_modules/.bin/tsc');
const { status } = spawnSync(compiler, ['-p', SOURCES, '--outDir', folder], { stdio: 'inherit' });
if (status !== 0) process.exit(status ?? 1);
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(SOURCES).filter((one) => COPIED.test(one))) {
  copyFileSync(join(SOURCES, name), join(folder, name));
}
