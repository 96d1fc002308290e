/** What this machine allows: whoever cannot make a fault says so and skips. */

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Why something cannot be done here; undefined: it can. */
export type Obstacle = string | undefined;

function tried(command: string, args: readonly string[]): Obstacle {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 });
  if (error !== undefined) return `${command}: ${error.message}`;
  return status === 0 ? undefined : `${command}: ${stderr.trim().split('\n').at(-1)}`;
}

/** Can strace make a system call of a child fail? */
export function straceObstacle(): Obstacle {
  return tried('strace', ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=fdatasync', 'true']);
}

/** Can a small file system be mounted? */
export function mountObstacle(): Obstacle {
  const directory = mkdtempSync(join(tmpdir(), 'caskd-mount-'));
  const problem = mount(directory, 1024 * 1024) ?? unmount(directory);
  rmSync(directory, { recursive: true, force: true });
  return problem;
}

export function mount(directory: string, bytes: number): Obstacle {
  return tried('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=700`, 'tmpfs', directory]);
}

export function unmount(directory: string): Obstacle {
  return tried('umount', [directory]);
}

/** Is the program there? */
export function toolObstacle(program: string): Obstacle {
  const found = spawnSync('sh', ['-c', 'command -v "$0"', program]).status === 0;
  return found ? undefined : `${program} is not installed`;
}

/** Says on the console why tests are skipped. */
export function skipsBecause(what: string, obstacle: Obstacle): boolean {
  if (obstacle === undefined) return false;
  console.log(`skipped: ${what}: ${obstacle}`);
  return true;
}
