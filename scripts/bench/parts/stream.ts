/** `stream`: a load of many items at random, with its rate over time, then a walk over all of them. */

import { join } from 'node:path';
import { connect } from '../../../src/client/index.ts';
import { ChildDaemon } from '../../child-daemon.ts';
import { generateLoad } from '../load/generate-load.ts';
import type { BenchContext, BenchPart } from '../part.ts';
import { LoopJudge, watched } from '../servers/loop-judge.ts';

const PAGE_ITEMS = 1000;
const SAMPLE_MS = 200;
const TABLE = 'stream';

export const stream: BenchPart = {
  name: 'stream',
  summary: 'a load of many items at random, then a walk over all of them',
  defaults: { rounds: 1, seconds: 1, keys: 10_000_000 },
  isPublished: true,

  async run(context: BenchContext) {
    await using loop = await LoopJudge.start();
    for (let round = 1; round <= context.rounds; round += 1) {
      const flags = ['--data', join(context.directory, `${round}`), '--durability', 'interval'];
      const daemon = await ChildDaemon.start(flags, watched(context.program));
      try {
        await loop.begin(daemon.pid);
        await load(context, daemon);
        await loop.judge(context.results, 'load', daemon.pid);
        await walk(context, daemon);
        await loop.judge(context.results, 'walk', daemon.pid);
        await daemon.stop();
      } finally {
        await daemon.kill();
      }
    }
  },
};

async function load({ results, keys, print }: BenchContext, daemon: ChildDaemon): Promise<void> {
  const points: (readonly [number, number])[] = [];
  let before = { requests: 0, seconds: 0 };
  const figures = await generateLoad(
    daemon,
    { kind: 'fill', keys, connections: 4, depth: 128 },
    {
      onProgress: ({ requests, seconds }) => {
        const rate = (requests - before.requests) / (seconds - before.seconds);
        points.push([seconds, rate / 1000]);
        before = { requests, seconds };
        if (points.length % 10 === 0) print(`${requests.toLocaleString('en')} items`);
      },
    },
  );
  const row = { table: TABLE, case: 'load', subject: 'caskd' };
  results.sample(row, 'rate', 'k/s', figures.requestsPerSecond / 1000);
  results.sample(row, 'CPU', 'us', figures.serverMicros);
  results.sample(row, 'resident', 'MiB', (await daemon.residentBytes()) / 2 ** 20);
  const quarter = Math.floor(points.length / 4);
  if (quarter > 0) {
    const mean = (part: typeof points) =>
      part.reduce((sum, [, rate]) => sum + rate, 0) / part.length;
    const ratio = mean(points.slice(-quarter)) / mean(points.slice(0, quarter));
    results.figure('rate of the last quarter of the load vs the first', 'x', ratio);
  }
  results.chart({
    ...{ kind: 'lines', name: 'rate', title: 'Rate of the load over time', unit: 'k/s' },
    across: { title: 'seconds', isLogarithmic: false },
    isLogarithmic: false,
    series: [{ name: 'puts', points }],
  });
}

async function walk({ results, keys }: BenchContext, daemon: ChildDaemon): Promise<void> {
  await using client = await connect({ url: daemon.url });
  const beforeBytes = await daemon.residentBytes();
  let mostBytes = beforeBytes;
  const timer = setInterval(() => {
    void daemon.residentBytes().then((bytes) => {
      mostBytes = Math.max(mostBytes, bytes);
    });
  }, SAMPLE_MS);
  const cpuBeforeMs = await daemon.cpuMs();
  const startedMs = performance.now();
  let count = 0;
  try {
    for await (const entry of client.range({ pageSize: PAGE_ITEMS })) {
      if (entry.error !== undefined) throw entry.error;
      count += 1;
    }
  } finally {
    clearInterval(timer);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  if (count !== keys) throw new Error(`the walk met ${count} of ${keys} entries`);
  const row = { table: TABLE, case: `walk by pages of ${PAGE_ITEMS}`, subject: 'caskd' };
  results.sample(row, 'rate', 'k/s', count / seconds / 1000);
  results.sample(row, 'CPU', 'us', (((await daemon.cpuMs()) - cpuBeforeMs) * 1000) / count);
  results.sample(row, 'resident', 'MiB', (await daemon.residentBytes()) / 2 ** 20);
  const grown = (mostBytes - beforeBytes) / 1e6;
  results.figure('resident memory that the walk adds at most', 'MB', grown, { atMost: 10 });
  results.figure('entries that the walk missed', '', keys - count, { atMost: 0 });
}
