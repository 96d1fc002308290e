/** The servers that redis-benchmark asks in turns, of one durability, filled alike. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ChildDaemon } from '../../../child-daemon.ts';
import { redisKeyOf } from '../../load/keys.ts';
import type { RespServer } from '../../load/redis-benchmark.ts';
import type { BenchContext } from '../../part.ts';
import { fill } from '../../servers/filled-daemon.ts';
import { appendOnly, type RedisFsync, startRedis } from '../../servers/redis-server.ts';

/** As Redis, which does not rewrite its file meanwhile: the cost of merges is a part of its own. */
export const UNMERGED = ['--merge-automatic', 'false'] as const;

export interface Contender extends RespServer {
  readonly name: string;
  residentBytes(): Promise<number>;
  stop(): Promise<void>;
  kill(): Promise<void>;
}

export interface Contenders {
  readonly redis: Contender;
  readonly cask: Contender;
  /** Without a value cache: it reads from the page cache. Where reading is measured. */
  readonly uncached: Contender | undefined;
}

export async function startContenders(
  context: BenchContext,
  fsync: RedisFsync,
): Promise<Contenders> {
  const directory = join(context.directory, fsync);
  const redisDirectory = join(directory, 'redis');
  await mkdir(redisDirectory, { recursive: true });
  const redisServer = await startRedis(redisDirectory, appendOnly(fsync));
  const redis = Object.assign(redisServer, { name: `redis ${fsync}` });
  const durability = fsync === 'always' ? 'always' : 'interval';
  const cask = async (name: string, flags: readonly string[]): Promise<Contender> => {
    const own = ['--data', join(directory, name), '--durability', durability, ...UNMERGED];
    const daemon = await ChildDaemon.start(
      [...own, '--resp', '127.0.0.1:0', ...flags],
      context.program,
    );
    await daemon.msUntil('resp-ready');
    return Object.assign(daemon, { name, port: daemon.respPort });
  };
  const contenders: Contenders = {
    redis,
    cask: await cask('caskd', []),
    uncached:
      fsync === 'everysec' ? await cask('caskd, no cache', ['--cache-bytes', '0']) : undefined,
  };
  const { keys } = context;
  for (const { port } of allOf(contenders)) await fill(port, { keys, nameOf: redisKeyOf });
  return contenders;
}

export function allOf({ redis, cask, uncached }: Contenders): Contender[] {
  return uncached === undefined ? [redis, cask] : [redis, cask, uncached];
}
