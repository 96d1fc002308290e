/**
 * The load generator: a process of its own that does one job through the real client and reports
 * to its parent. Started by `generate-load.ts`, with the job as its argument.
 */

import { type CaskClient, connect } from '../../src/client/index.ts';
import type { LoadJob, LoadMessage } from './load-job.ts';

/** Coprime to a power of ten, so that the keys are distinct and in no order. */
const KEY_STEP = 2_654_435_761;
const KEY_NUMBERS = 10 ** 13;

const job = JSON.parse(process.argv[2] ?? '') as LoadJob;
const value = Buffer.alloc(job.valueBytes, 'value ');

let requests = 0;
let isOver = false;
let seed = 88_172_645;

/** 17 bytes. */
function keyOf(index: number): string {
  return `key:${String((index * KEY_STEP) % KEY_NUMBERS).padStart(13, '0')}`;
}

/** xorshift32: a number from 0 up to, not including, `end`. */
function randomBelow(end: number): number {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return (seed >>> 0) % end;
}

/** The keys as strings, made before anything is measured. */
const keys = job.kind === 'fill' ? [] : Array.from({ length: job.keys }, (_, at) => keyOf(at));

function randomKey(): string {
  return keys[randomBelow(keys.length)] as string;
}

async function putUntilOver(client: CaskClient): Promise<void> {
  while (!isOver) {
    await client.put(randomKey(), value);
    requests += 1;
  }
}

async function getUntilOver(client: CaskClient): Promise<void> {
  while (!isOver) {
    const found = await client.get(randomKey());
    if (found === undefined || found.length !== job.valueBytes) throw new Error('a value is wrong');
    requests += 1;
  }
}

async function rangeUntilOver(client: CaskClient): Promise<void> {
  while (!isOver) {
    const page = await client.rangePage({ start: randomKey(), limit: job.pageItems });
    if (page.entries.length === 0) throw new Error('a page is empty');
    requests += 1;
  }
}

async function fill(client: CaskClient): Promise<void> {
  while (requests < job.keys) {
    const index = requests;
    requests += 1;
    await client.put(keyOf(index), value);
  }
}

const WORK = { put: putUntilOver, get: getUntilOver, range: rangeUntilOver, fill } as const;

function report(message: LoadMessage): void {
  process.send?.(message);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const clients = await Promise.all(
  Array.from({ length: job.connections }, () => connect({ url: job.url, reconnect: false })),
);
const isFill = job.kind === 'fill';
let startedAt = performance.now();
if (isFill) report({ type: 'begun' });
const work = Promise.all(
  clients.flatMap((client) => Array.from({ length: job.depth }, () => WORK[job.kind](client))),
);
if (isFill) {
  await work;
} else {
  // whichever comes first: a failure of the work rejects at once
  await Promise.race([work, pause(job.warmUpMs)]);
  requests = 0;
  startedAt = performance.now();
  report({ type: 'begun' });
  await Promise.race([work, pause(job.measureMs)]);
}
const seconds = (performance.now() - startedAt) / 1000;
report({ type: 'result', requests, seconds });
isOver = true;
await work;
await Promise.all(clients.map((client) => client.close()));
process.disconnect?.();
