/**
 * How long health, statistics and metrics take over HTTP, of a store with many keys and a daemon
 * that others keep busy: what a monitor, or whoever decides on restarts, waits for.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openStore } from '../../src/storage/index.ts';
import { DurationHistogram } from '../../src/vocabulary/duration-histogram.ts';
import { generateLoad } from '../bench/load/generate-load.ts';
import { keyOf, VALUE_BYTES } from '../bench/load/keys.ts';
import { ChildDaemon, type DaemonProgram } from '../child-daemon.ts';

export const SCRAPED_KEYS = 10_000_000;
export const SCRAPE_P95_MS_MAX = 50;

const PATHS = ['/metrics', '/v1/stats', '/healthz'] as const;
const PAUSE_MS = 20;
const LOAD_MS = 10_000;
const PUTS_AT_A_TIME = 20_000;

export interface ScrapeRow {
  readonly path: string;
  /** What else goes on. */
  readonly load: string;
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
}

/** @param loadMs how long each kind of load goes on */
export async function measureScrapes(
  keys: number,
  program: DaemonProgram,
  print: (line: string) => void,
  loadMs = LOAD_MS,
): Promise<ScrapeRow[]> {
  const directory = await mkdtemp(join(tmpdir(), 'caskd-scrapes-'));
  const data = join(directory, 'data');
  let daemon: ChildDaemon | undefined;
  try {
    await fill(data, keys);
    const flags = ['--data', data, '--http', '127.0.0.1:0', '--durability', 'interval'];
    daemon = await ChildDaemon.start(flags, program);
    await daemon.msUntil('index-ready');
    const rows: ScrapeRow[] = [];
    for (const kind of ['get', 'put', 'range'] as const) {
      const shape = { connections: 4, depth: kind === 'range' ? 8 : 128 };
      const load = generateLoad(daemon, {
        kind,
        ...shape,
        keys,
        warmUpMs: 1000,
        measureMs: loadMs,
      });
      const name = `${kind}, ${shape.connections} x ${shape.depth}`;
      rows.push(...(await scrapeDuring(load, daemon.httpUrl, name)));
    }
    for (const row of rows) print(lineOf(row, keys));
    await daemon.stop();
    return rows;
  } finally {
    await daemon?.kill();
    await rm(directory, { recursive: true, force: true });
  }
}

export function isSoonEnough({ p95Ms }: ScrapeRow): boolean {
  return p95Ms < SCRAPE_P95_MS_MAX;
}

async function fill(directory: string, keys: number): Promise<void> {
  const maxKeydirBytes = 4 * 1024 ** 3;
  const store = await openStore({ directory, durability: 'os', cacheBytes: 0, maxKeydirBytes });
  const value = Buffer.alloc(VALUE_BYTES, 'v');
  for (let index = 0; index < keys; index += PUTS_AT_A_TIME) {
    const count = Math.min(PUTS_AT_A_TIME, keys - index);
    const puts = Array.from({ length: count }, (_, at) => store.put(keyOf(index + at), value));
    await Promise.all(puts);
  }
  await store.close();
}

/** One request after the other, each of the paths in turn. */
async function scrapeDuring(
  load: Promise<unknown>,
  url: string,
  name: string,
): Promise<ScrapeRow[]> {
  const took = new Map(PATHS.map((path) => [path, new DurationHistogram()]));
  let isOver = false;
  const over = load.finally(() => {
    isOver = true;
  });
  over.catch(() => {});
  while (!isOver) {
    for (const [path, durations] of took) {
      const startedMs = performance.now();
      const response = await fetch(`${url}${path}`);
      await response.arrayBuffer();
      durations.record(performance.now() - startedMs);
      if (!response.ok) throw new Error(`${path} was answered ${response.status}`);
    }
    await delay(PAUSE_MS);
  }
  await over;
  return Array.from(took, ([path, durations]) => {
    const { count, p50Ms, p95Ms, maxMs } = durations.summary();
    return { path, load: name, count, p50Ms, p95Ms, maxMs };
  });
}

function lineOf(row: ScrapeRow, keys: number): string {
  const { path, load, count, p50Ms, p95Ms, maxMs } = row;
  const times = `p50 ${p50Ms.toFixed(1)} ms, p95 ${p95Ms.toFixed(1)} ms, worst ${maxMs.toFixed(0)} ms`;
  const verdict = isSoonEnough(row) ? '' : ` EXCEEDS ${SCRAPE_P95_MS_MAX} ms`;
  return `GET ${path}, ${keys} keys, beside ${load}: ${times} of ${count}${verdict}`;
}
