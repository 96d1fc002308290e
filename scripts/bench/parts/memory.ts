/** `memory`: what a key takes in memory, at a tenth of the keys and at all of them, beside Redis. */

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '../../../src/client/index.ts';
import { ChildDaemon } from '../../child-daemon.ts';
import { KEY_BYTES, VALUE_BYTES } from '../load/keys.ts';
import type { BenchContext, BenchPart } from '../part.ts';
import { barsOfTable } from '../report/chart-of-rows.ts';
import { fill } from '../servers/filled-daemon.ts';
import { REDIS_SERVER, whyMissing } from '../servers/program-of-debian.ts';
import { startRedis } from '../servers/redis-server.ts';
import { measureInsertStall } from './memory/insert-stall.ts';

/** For memory to come to rest. */
const SETTLE_MS = 1500;
const TABLE = 'memory per key';

export const memory: BenchPart = {
  name: 'memory',
  summary: 'what a key takes in memory, beside Redis',
  defaults: { rounds: 1, seconds: 1, keys: 10_000_000 },
  isPublished: true,

  async run(context: BenchContext) {
    const { results } = context;
    results.note(
      `Keys have ${KEY_BYTES} bytes, values ${VALUE_BYTES}; Redis holds both in memory, caskd only ` +
        'keys. Its value cache and automatic merges are off here, so that memory is keys.',
    );
    const missing = whyMissing(REDIS_SERVER);
    if (missing !== undefined) results.note(`Redis was skipped: ${missing}.`);
    for (let round = 1; round <= context.rounds; round += 1) {
      for (const keys of [Math.ceil(context.keys / 10), context.keys]) {
        context.print(`round ${round} of ${context.rounds}: ${keys.toLocaleString('en')} keys`);
        await measureCask(context, keys);
        if (missing === undefined) await measureRedis(context, keys);
      }
      results.judge('insert-stall', await measureInsertStall(context.keys));
    }
    results.chart(
      barsOfTable(results.results, TABLE, 'resident', {
        name: 'resident',
        title: 'Resident memory per key, key bytes included',
      }),
    );
  },
};

async function measureCask(context: BenchContext, keys: number): Promise<void> {
  const { program, results } = context;
  const directory = join(context.directory, 'caskd');
  const own = ['--durability', 'interval', '--cache-bytes', '0', '--merge-automatic', 'false'];
  const flags = ['--data', directory, ...own];
  let daemon = await ChildDaemon.start([...flags, '--resp', '127.0.0.1:0'], program);
  try {
    const emptyBytes = await settledBytes(daemon);
    await daemon.msUntil('resp-ready');
    await fill(daemon.respPort, { keys });
    const tell = async (subject: string): Promise<void> => {
      const perKey = ((await settledBytes(daemon)) - emptyBytes) / keys;
      const structural = (await keydirBytes(daemon, keys)) / keys;
      const row = { table: TABLE, case: `${keys.toLocaleString('en')} keys`, subject };
      results.sample(row, 'resident', 'bytes', perKey);
      results.sample(row, 'resident over the key', 'bytes', perKey - KEY_BYTES);
      results.sample(row, 'structural over the key', 'bytes', structural - KEY_BYTES);
      if (keys !== context.keys) return;
      results.judge('memory-structural', structural - KEY_BYTES);
      results.judge('memory-resident', perKey - KEY_BYTES);
    };
    await tell('caskd, after the puts');
    await daemon.stop();
    daemon = await ChildDaemon.start(flags, program);
    await daemon.msUntil('index-ready');
    await tell('caskd, after a restart');
    await daemon.stop();
  } finally {
    await daemon.kill();
  }
  await rm(directory, { recursive: true });
}

/** @throws when a key is missing: figures of a store that lost something are worth nothing */
async function keydirBytes(daemon: ChildDaemon, keys: number): Promise<number> {
  await using client = await connect({ url: daemon.url });
  const stats = (await client.stats()) as unknown as {
    readonly keys: number;
    readonly keydir: { readonly bytes: number };
  };
  if (stats.keys !== keys) throw new Error(`${stats.keys} of ${keys} keys are there`);
  return stats.keydir.bytes;
}

async function measureRedis({ directory, results }: BenchContext, keys: number): Promise<void> {
  const own = join(directory, 'redis');
  await mkdir(own);
  const redis = await startRedis(own, ['--save', '', '--appendonly', 'no']);
  try {
    const emptyBytes = await settledBytes(redis);
    await fill(redis.port, { keys });
    const perKey = ((await settledBytes(redis)) - emptyBytes) / keys;
    const row = { table: TABLE, case: `${keys.toLocaleString('en')} keys`, subject: 'redis' };
    results.sample(row, 'resident', 'bytes', perKey);
    results.sample(row, 'resident over the key', 'bytes', perKey - KEY_BYTES);
  } finally {
    await redis.kill();
  }
  await rm(own, { recursive: true });
}

async function settledBytes(server: { residentBytes(): Promise<number> }): Promise<number> {
  await delay(SETTLE_MS);
  return server.residentBytes();
}
