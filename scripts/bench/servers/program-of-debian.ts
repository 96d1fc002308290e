/** Programs of Debian's packages: found, or installed where that is allowed. */

import { spawnSync } from 'node:child_process';

export interface DebianProgram {
  readonly program: string;
  readonly package: string;
}

export const REDIS_SERVER: DebianProgram = { program: 'redis-server', package: 'redis-server' };
export const REDIS_BENCHMARK: DebianProgram = {
  program: 'redis-benchmark',
  package: 'redis-tools',
};
export const ETCD: DebianProgram = { program: 'etcd', package: 'etcd-server' };
export const FIO: DebianProgram = { program: 'fio', package: 'fio' };

function isThere(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

/**
 * As root on Debian it is installed; its service is not started.
 * @returns undefined, or why it cannot be used
 */
export function whyMissing({ program, package: name }: DebianProgram): string | undefined {
  if (isThere(program)) return undefined;
  const how = `apt install ${name}`;
  if (process.getuid?.() !== 0) return `${program} is not installed: ${how}`;
  const { status } = spawnSync('apt-get', ['install', '-y', '--no-install-recommends', name], {
    // of a runlevel in which services are not started
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    stdio: 'ignore',
  });
  return status === 0 && isThere(program) ? undefined : `${program} is missing: ${how} failed`;
}
