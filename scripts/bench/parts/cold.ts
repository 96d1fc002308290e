/** `cold`: random reads of data many times the memory, beside fio on the same files. */

import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ChildDaemon } from '../../child-daemon.ts';
import { redisKeyOf } from '../load/keys.ts';
import { loadByRedisBenchmark, type RespServer } from '../load/redis-benchmark.ts';
import type { BenchContext, BenchPart } from '../part.ts';
import { addLoadRow, type RowFigures } from '../report/load-row.ts';
import { startFilled } from '../servers/filled-daemon.ts';
import { MemoryGroup } from '../servers/memory-group.ts';
import { dropPageCache } from '../servers/page-cache.ts';
import { FIO, REDIS_BENCHMARK, whyMissing } from '../servers/program-of-debian.ts';
import { runFio } from './cold/run-fio.ts';

const VALUE_BYTES = 1000;
const RECORD_BYTES = 1100;
/** What the daemon takes besides its keys, and what is left to the page cache. */
const BASE_BYTES = 280 * 2 ** 20;
const KEY_BYTES = 75;
const PILOT_REQUESTS = 10_000;
const TABLE = 'random reads of 1 KB';

export const cold: BenchPart = {
  name: 'cold',
  summary: 'random reads of data many times the memory, beside fio',
  defaults: { rounds: 5, seconds: 4, keys: 4_000_000 },
  isPublished: true,

  async run(context: BenchContext) {
    const { results, keys, seconds } = context;
    const limitBytes = BASE_BYTES + keys * KEY_BYTES;
    const lacking = whyMissing(REDIS_BENCHMARK);
    if (lacking !== undefined) {
      results.note(`Skipped: ${lacking}.`);
      return;
    }
    const missing = whyMissing(FIO);
    if (missing !== undefined) results.note(`fio was skipped: ${missing}.`);
    using group = MemoryGroup.create(limitBytes);
    if (group === undefined || !dropPageCache()) {
      results.note('Skipped: a memory cgroup and an empty page cache need root.');
      return;
    }
    const gb = (keys * RECORD_BYTES) / 1e9;
    results.note(
      `${gb.toFixed(1)} GB of records; the daemon, keydir and page cache included, may have ` +
        `${Math.round(limitBytes / 2 ** 20)} MiB. fio reads 1 KiB at random places of the same segments ` +
        'with 16 threads of pread, in the same cgroup. The daemon is asked by redis-benchmark, ' +
        'which shares the processors with it.',
    );
    const directory = join(context.directory, 'data');
    const own = ['--durability', 'interval', '--merge-automatic', 'false', '--cache-bytes', '0'];
    const flags = ['--data', directory, '--resp', '127.0.0.1:0', ...own];
    const filled = { keys, valueBytes: VALUE_BYTES, nameOf: redisKeyOf };
    context.print(`writing ${gb.toFixed(1)} GB`);
    await (await startFilled(context, flags, filled)).stop();
    dropPageCache();
    const daemon = await group.start(() => ChildDaemon.start(flags, context.program));
    try {
      await daemon.msUntil('index-ready');
      await daemon.msUntil('resp-ready');
      const paths = (await readdir(directory)).filter((name) => name.endsWith('.log'));
      for (let round = 1; round <= context.rounds; round += 1) {
        context.print(`round ${round} of ${context.rounds}`);
        const server = { port: daemon.respPort, cpuMs: () => daemon.cpuMs() };
        const figures = await measure(server, keys, seconds);
        addLoadRow(results, { table: TABLE, case: '64 at once', subject: 'caskd' }, figures);
        if (missing !== undefined) continue;
        const rate = await group.start(() =>
          runFio(
            paths.map((name) => join(directory, name)),
            seconds,
          ),
        );
        results.sample(
          { table: TABLE, case: 'psync, 16 jobs', subject: 'fio' },
          'rate',
          'k/s',
          rate / 1000,
        );
        results.judge('cold-reads', figures.requestsPerSecond / rate);
      }
      await daemon.stop();
    } finally {
      await daemon.kill();
    }
  },
};

/** 64 GETs at once; the first ones tell how many take about as long as asked. */
async function measure(server: RespServer, keys: number, seconds: number): Promise<RowFigures> {
  const job = {
    command: 'GET',
    connections: 16,
    pipeline: 4,
    keys,
    valueBytes: VALUE_BYTES,
  } as const;
  const pilot = await loadByRedisBenchmark(server, { ...job, requests: PILOT_REQUESTS });
  const requests = Math.round(pilot.requestsPerSecond * seconds);
  return await loadByRedisBenchmark(server, { ...job, requests });
}
