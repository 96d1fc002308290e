/**
 * `npm run stream:http`: reads a range of many entries as NDJSON from a daemon with a real store,
 * once as fast as it comes and once slowly, and prints what the daemon has resident meanwhile. Exits
 * with 1 when an entry is missing, comes twice or out of order, or memory grows with the range.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { connect } from '../src/client/index.ts';
import { ChildDaemon } from './child-daemon.ts';

const MIB = 1024 * 1024;
const BATCH_ITEMS = 1000;
const VALUE = Buffer.alloc(100, 'v');
const SAMPLE_MS = 250;
/** The slow reader rests so long ... */
const REST_MS = 20;
/** ... after so many bytes. */
const BYTES_BETWEEN_RESTS = MIB;
/** More than this, and memory follows the length of the range. */
const GROWTH_BYTES_MAX = 64 * MIB;

const keyOf = (index: number): string => `key:${String(index).padStart(10, '0')}`;

async function fill(url: string, entries: number): Promise<void> {
  await using client = await connect({ url });
  for (let start = 0; start < entries; start += BATCH_ITEMS) {
    const count = Math.min(BATCH_ITEMS, entries - start);
    const items = Array.from({ length: count }, (_, index) => {
      return { type: 'put', key: keyOf(start + index), value: VALUE } as const;
    });
    await client.batch(items);
  }
}

/** @throws when a line is not the entry that is next */
function checkLines(text: string, first: number): number {
  const lines = text.split('\n').slice(0, -1);
  for (const [index, line] of lines.entries()) {
    const { key } = JSON.parse(line) as { key?: string };
    if (key !== keyOf(first + index)) throw new Error(`line ${first + index} is ${line}`);
  }
  return lines.length;
}

/** Reads all of it. @returns the number of entries */
async function read(url: string, restMs: number): Promise<number> {
  const response = await fetch(`${url}/v1/kv`, { headers: { accept: 'application/x-ndjson' } });
  if (response.body === null) throw new Error(`the daemon answered ${response.status}`);
  const decoder = new TextDecoder();
  let entries = 0;
  let rest = '';
  let bytes = 0;
  for await (const chunk of response.body) {
    const text = rest + decoder.decode(chunk, { stream: true });
    const end = text.lastIndexOf('\n') + 1;
    entries += checkLines(text.slice(0, end), entries);
    rest = text.slice(end);
    bytes += chunk.length;
    if (restMs === 0 || bytes < BYTES_BETWEEN_RESTS) continue;
    bytes = 0;
    await delay(restMs);
  }
  return entries;
}

/** Reads, and looks at the daemon's memory meanwhile. @returns the most, in bytes */
async function watch(
  daemon: ChildDaemon,
  entries: number,
  who: string,
  restMs: number,
): Promise<number> {
  const samples = [await daemon.residentBytes()];
  const timer = setInterval(() => {
    void daemon.residentBytes().then((bytes) => samples.push(bytes));
  }, SAMPLE_MS);
  const sinceMs = performance.now();
  const found = await read(daemon.httpUrl, restMs);
  const seconds = (performance.now() - sinceMs) / 1000;
  clearInterval(timer);
  samples.push(await daemon.residentBytes());
  const told = samples.map((bytes) => Math.round(bytes / MIB)).join(' ');
  console.log(`${who}: ${found} entries in order, ${seconds.toFixed(1)} s; resident MiB: ${told}`);
  if (found !== entries) throw new Error(`${found} entries of ${entries}`);
  return Math.max(...samples) - (samples[0] ?? 0);
}

function parseEntries(text: string): number {
  const entries = Number(text);
  if (!Number.isInteger(entries) || entries < 1) throw new InvalidArgumentError('It is 1 or more.');
  return entries;
}

const { entries } = new Command('stream:http')
  .description('Streams a range over HTTP and watches the memory of the daemon.')
  .option('--entries <n>', 'how many there are', parseEntries, 1_000_000)
  .parse()
  .opts<{ entries: number }>();
const directory = await mkdtemp(join(tmpdir(), 'caskd-stream-'));
const flags = ['--data', join(directory, 'data'), '--http', '127.0.0.1:0', '--durability', 'os'];
const daemon = await ChildDaemon.start(flags);
try {
  await fill(daemon.url, entries);
  // the first makes what all others use: code, heap, a full cache
  await watch(daemon, entries, 'the first reader', 0);
  for (const [who, restMs] of [
    ['a fast reader', 0],
    ['a slow reader', REST_MS],
  ] as const) {
    const grown = await watch(daemon, entries, who, restMs);
    console.log(`  at most ${(grown / MIB).toFixed(1)} MiB more than before`);
    if (grown > GROWTH_BYTES_MAX) process.exitCode = 1;
  }
} finally {
  await daemon.kill();
  await rm(directory, { recursive: true });
}
