/** `scale`: how the cost of a request grows with the number of keys, and with the size of values. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChildDaemon } from '../../child-daemon.ts';
import { generateLoad } from '../load/generate-load.ts';
import { VALUE_BYTES } from '../load/keys.ts';
import type { BenchContext, BenchPart } from '../part.ts';
import { linesOfTable } from '../report/chart-of-rows.ts';
import { addLoadRow } from '../report/load-row.ts';
import { startFilled } from '../servers/filled-daemon.ts';

const KINDS = ['put', 'get', 'range'] as const;
const BY_KEYS = 'by keys: 4 connections, 128 requests at once on each, pages of 100 with 8';
const BY_SIZE = 'by size of the value: 4 connections';
const SIZES = [16, 100, 1024, 16 * 1024, 128 * 1024, 1024 * 1024];
/** Of values in all, so that each size has many keys and none fills the disk. */
const DATA_BYTES = 256 * 1024 * 1024;
const KEYS_OF_SIZE_MAX = 100_000;
/** In flight on a connection. */
const DEPTH_BYTES = 1024 * 1024;
const DEPTH_MAX = 128;

export const scale: BenchPart = {
  name: 'scale',
  summary: 'how cost grows with the number of keys and the size of values',
  defaults: { rounds: 3, seconds: 2, keys: 10_000_000 },
  isPublished: true,

  async run(context: BenchContext) {
    const { results } = context;
    for (const keys of [context.keys / 100, context.keys / 10, context.keys]) {
      await measureKeys(context, Math.ceil(keys));
    }
    for (const bytes of SIZES) await measureSize(context, bytes);
    const across = { title: 'keys', isLogarithmic: true };
    const keysChart = { name: 'keys', title: 'Processor time of the daemon by keys' };
    results.chart(linesOfTable(results.results, BY_KEYS, 'CPU', { ...keysChart, across }));
    const sizeChart = { name: 'sizes', title: 'Processor time of the daemon by size of the value' };
    const bytes = { title: 'bytes', isLogarithmic: true };
    const lines = linesOfTable(results.results, BY_SIZE, 'CPU', { ...sizeChart, across: bytes });
    results.chart({ ...lines, isLogarithmic: true });
  },
};

async function measureKeys(context: BenchContext, keys: number): Promise<void> {
  context.print(`${keys.toLocaleString('en')} keys`);
  await withFilled(context, keys, VALUE_BYTES, async (daemon) => {
    for (const kind of KINDS) {
      const depth = kind === 'range' ? 8 : DEPTH_MAX;
      const measureMs = context.seconds * 1000;
      const way = { connections: 4, depth, measureMs } as const;
      const figures = await generateLoad(daemon, { kind, keys, ...way });
      addLoadRow(context.results, { table: BY_KEYS, case: String(keys), subject: kind }, figures);
    }
  });
}

async function measureSize(context: BenchContext, valueBytes: number): Promise<void> {
  context.print(`values of ${valueBytes.toLocaleString('en')} bytes`);
  const keys = Math.min(KEYS_OF_SIZE_MAX, Math.ceil(DATA_BYTES / valueBytes), context.keys);
  await withFilled(context, keys, valueBytes, async (daemon) => {
    for (const kind of ['put', 'get'] as const) {
      const depth = Math.max(1, Math.min(DEPTH_MAX, Math.floor(DEPTH_BYTES / valueBytes)));
      const measureMs = context.seconds * 1000;
      const way = { connections: 4, depth, measureMs, valueBytes };
      const figures = await generateLoad(daemon, { kind, keys, ...way });
      const row = { table: BY_SIZE, case: String(valueBytes), subject: kind };
      addLoadRow(context.results, row, figures);
      const mib = (figures.requestsPerSecond * valueBytes) / 2 ** 20;
      context.results.sample(row, 'values', 'MiB/s', mib);
    }
  });
}

/** Filled once; then each round. */
async function withFilled(
  context: BenchContext,
  keys: number,
  valueBytes: number,
  work: (daemon: ChildDaemon) => Promise<void>,
): Promise<void> {
  const directory = join(context.directory, 'data');
  const flags = ['--data', directory, '--durability', 'interval'];
  const daemon = await startFilled(context, flags, { keys, valueBytes });
  try {
    for (let round = 1; round <= context.rounds; round += 1) await work(daemon);
    await daemon.stop();
  } finally {
    await daemon.kill();
  }
  await rm(directory, { recursive: true });
}
