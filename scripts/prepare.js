// Builds dist where the compiler is installed; a production install brings dist with it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const compiler = new URL('../node_modules/.bin/tsc', import.meta.url).pathname;
if (existsSync(compiler)) {
  const { status } = spawnSync(compiler, ['-p', 'tsconfig.json'], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
