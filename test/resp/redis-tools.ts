/** The programs of Redis, where the machine has them. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Wire } from './wire.ts';

/** Is it there? If not, says so: the tests that need it are skipped. */
export function hasProgram(name: string, args: readonly string[] = ['--version']): boolean {
  const isThere = spawnSync(name, args, { stdio: 'ignore' }).status === 0;
  if (!isThere) console.warn(`skipped: ${[name, ...args].join(' ')} does not run on this machine`);
  return isThere;
}

export interface RedisServer extends AsyncDisposable {
  readonly path: string;
}

/** A server of Redis itself, which keeps nothing, on a socket of its own. */
export async function startRedis(): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), 'redis-'));
  const path = join(directory, 'socket');
  const child: ChildProcess = spawn(
    'redis-server',
    ['--port', '0', '--unixsocket', path, '--save', '', '--appendonly', 'no', '--dir', directory],
    { stdio: 'ignore' },
  );
  const exited = new Promise((resolve) => child.once('exit', resolve));
  for (let attempt = 0; ; attempt++) {
    try {
      using wire = await Wire.open({ path });
      await wire.call('PING');
      break;
    } catch (thrown) {
      if (attempt > 500) throw thrown;
      await delay(20);
    }
  }
  return {
    path,
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
