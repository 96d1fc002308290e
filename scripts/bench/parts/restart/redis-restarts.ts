/** Redis: from a snapshot, and from its append-only file as writes left it. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchContext } from '../../part.ts';
import { fill } from '../../servers/filled-daemon.ts';
import { appendOnly, startRedis, tellRedis } from '../../servers/redis-server.ts';
import { FIRST_GET, READY, TABLE } from './rows.ts';

const SNAPSHOT = ['--appendonly', 'no', '--save', ''];

export async function measureRedisRestarts(context: BenchContext): Promise<void> {
  const directory = join(context.directory, 'redis');
  await mkdir(directory);
  context.print('filling Redis');
  const redis = await startRedis(directory, appendOnly('everysec'));
  try {
    await fill(redis.port, context);
    await tellRedis(redis.port, 'SAVE');
    await redis.stop();
  } finally {
    await redis.kill();
  }
  for (let round = 1; round <= context.rounds; round += 1) {
    context.print(`round ${round} of ${context.rounds}, Redis`);
    await measure(context, 'snapshot (RDB)', directory, SNAPSHOT);
    await measure(context, 'append-only file', directory, appendOnly('everysec'));
  }
}

async function measure(
  { results, keys }: BenchContext,
  name: string,
  directory: string,
  flags: readonly string[],
): Promise<void> {
  const redis = await startRedis(directory, flags);
  try {
    const seconds = (performance.now() - redis.startedMs) / 1000;
    const count = await tellRedis(redis.port, 'DBSIZE');
    if (count !== keys) throw new Error(`${count} of ${keys} keys are there after a restart`);
    const row = { table: TABLE, case: name, subject: 'redis' };
    results.sample(row, FIRST_GET, 's', seconds);
    results.sample(row, READY, 's', seconds);
  } finally {
    // it has written nothing; as a snapshot at its end would
    await redis.kill();
  }
}
