/** `merge`: what requests notice of a merge, how fast it is, and what it writes. */

import { join } from 'node:path';
import { connect } from '../../../src/client/index.ts';
import { ChildDaemon } from '../../child-daemon.ts';
import type { BenchContext, BenchPart } from '../part.ts';
import { fill } from '../servers/filled-daemon.ts';
import { LoopJudge, watched } from '../servers/loop-judge.ts';
import { copySeconds } from './merge/copy-segments.ts';
import { type ForegroundFigures, measureForeground } from './merge/foreground.ts';

const VALUE_BYTES = 1000;
const GARBAGE_SHARE = 0.5;
const MIB = 2 ** 20;

interface MergeFigures {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly ms: number;
}

export const merge: BenchPart = {
  name: 'merge',
  summary: 'what requests notice of a merge, how fast it is, and what it writes',
  defaults: { rounds: 3, seconds: 4, keys: 600_000 },
  isPublished: true,

  async run(context: BenchContext) {
    context.results.note(
      'Durability always, values of 1,000 bytes, half of the keys overwritten before each merge; ' +
        'SETs and GETs come at 3,000 a second each over 50 connections. `cp` copies as many bytes of ' +
        'the same segments as are live, and `sync` follows, as the merge syncs what it writes.',
    );
    const directory = join(context.directory, 'data');
    const own = ['--durability', 'always', '--merge-automatic', 'false', '--resp', '127.0.0.1:0'];
    await using loop = await LoopJudge.start();
    const flags = ['--data', directory, ...own];
    const daemon = await ChildDaemon.start(flags, watched(context.program));
    try {
      await daemon.msUntil('resp-ready');
      await fill(daemon.respPort, { keys: context.keys, valueBytes: VALUE_BYTES });
      for (let round = 1; round <= context.rounds; round += 1) {
        context.print(`round ${round} of ${context.rounds}`);
        await measureAlone(context, daemon, directory);
        await measureTogether(context, daemon, loop);
      }
      await daemon.stop();
    } finally {
      await daemon.kill();
    }
  },
};

/** A merge with nothing beside it, and cp. */
async function measureAlone(
  { results, keys }: BenchContext,
  daemon: ChildDaemon,
  directory: string,
): Promise<void> {
  await overwriteHalf(daemon, keys);
  const before = await stateOf(daemon);
  const cpSeconds = await copySeconds(directory, before.liveBytes);
  const { bytesBefore, bytesAfter, ms } = await runMerge(daemon);
  const { bytesWritten } = await stateOf(daemon);
  const written = bytesWritten - before.bytesWritten;
  const reclaimed = bytesBefore - bytesAfter;
  const row = { table: 'speed', case: 'merge alone', subject: 'caskd' };
  results.sample(row, 'live', 'MiB', bytesAfter / MIB);
  results.sample(row, 'garbage', 'MiB', reclaimed / MIB);
  results.sample(row, 'time', 's', ms / 1000);
  results.sample(row, 'copied', 'MiB/s', bytesAfter / MIB / (ms / 1000));
  const copied = { table: 'speed', case: 'cp and sync', subject: 'cp' };
  results.sample(copied, 'live', 'MiB', before.liveBytes / MIB);
  results.sample(copied, 'time', 's', cpSeconds);
  results.sample(copied, 'copied', 'MiB/s', before.liveBytes / MIB / cpSeconds);
  results.judge('merge-speed', bytesAfter / ms / (before.liveBytes / (cpSeconds * 1000)));
  results.judge('merge-written', written / reclaimed);
}

/** What requests notice: without a merge, and with one. */
async function measureTogether(
  context: BenchContext,
  daemon: ChildDaemon,
  loop: LoopJudge,
): Promise<void> {
  const { results } = context;
  await overwriteHalf(daemon, context.keys);
  const load = { keys: context.keys, valueBytes: VALUE_BYTES };
  await loop.begin(daemon.pid);
  const idleMs = context.seconds * 1000;
  const idle = await measureForeground(daemon, { ...load, measureMs: idleMs });
  tell(context, 'no merge', idle);
  await loop.judge(results, 'no merge', daemon.pid);
  let merged: MergeFigures | undefined;
  const merging = await measureForeground(daemon, {
    ...load,
    measureMs: 120_000,
    meanwhile: async () => {
      await loop.begin(daemon.pid);
      merged = await runMerge(daemon);
    },
  });
  tell(context, 'while merging', merging);
  await loop.judge(results, 'while merging', daemon.pid);
  results.judge('merge-p99', merging.set.latency.p99Ms / idle.set.latency.p99Ms);
  const row = { table: 'speed', case: 'merge under load', subject: 'caskd' };
  const { bytesAfter = 0, ms = Number.NaN } = merged ?? {};
  results.sample(row, 'live', 'MiB', bytesAfter / MIB);
  results.sample(row, 'time', 's', ms / 1000);
  results.sample(row, 'copied', 'MiB/s', bytesAfter / MIB / (ms / 1000));
}

function tell({ results }: BenchContext, name: string, figures: ForegroundFigures): void {
  for (const subject of ['set', 'get'] as const) {
    const { requestsPerSecond, latency } = figures[subject];
    const row = { table: 'requests', case: name, subject: subject.toUpperCase() };
    results.sample(row, 'rate', 'k/s', requestsPerSecond / 1000);
    results.sample(row, 'p50', 'ms', latency.p50Ms);
    results.sample(row, 'p99', 'ms', latency.p99Ms);
    results.sample(row, 'p99.9', 'ms', latency.p999Ms);
    results.sample(row, 'longest', 'ms', latency.maxMs);
  }
  const row = { table: 'requests', case: name, subject: 'disk of the daemon' };
  results.sample(row, 'read', 'MiB/s', figures.readBytesPerSecond / MIB);
  results.sample(row, 'written', 'MiB/s', figures.writtenBytesPerSecond / MIB);
}

function overwriteHalf(daemon: ChildDaemon, keys: number): Promise<void> {
  return fill(daemon.respPort, { keys: Math.ceil(keys * GARBAGE_SHARE), valueBytes: VALUE_BYTES });
}

async function runMerge(daemon: ChildDaemon): Promise<MergeFigures> {
  await using client = await connect({ url: daemon.url, requestTimeoutMs: 0 });
  return client.merge();
}

async function stateOf(
  daemon: ChildDaemon,
): Promise<{ readonly liveBytes: number; readonly bytesWritten: number }> {
  await using client = await connect({ url: daemon.url });
  const { log, merge: status } = (await client.stats()) as unknown as {
    readonly log: { readonly liveBytes: number };
    readonly merge: { readonly bytesWritten: number };
  };
  return { liveBytes: log.liveBytes, bytesWritten: status.bytesWritten };
}
