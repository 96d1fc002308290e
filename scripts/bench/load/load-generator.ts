/**
 * The load generator: a process of its own that does one job through a real client and reports
 * to its parent. Started by `generate-load.ts`, with the job as its argument.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { DurationHistogram } from '../../../src/vocabulary/duration-histogram.ts';
import { type Driver, openDriver } from './driver.ts';
import { keyOf, randomBelow } from './keys.ts';
import type { LoadJob, LoadMessage } from './load-job.ts';
import { Pace } from './pace.ts';

/** Of requests that travel together, one of so many is timed. */
const TIMED_OF_PIPELINED = 32;

const job = JSON.parse(process.argv[2] ?? '') as LoadJob;
const value = Buffer.alloc(job.valueBytes, 'value ');
const timedEvery = job.depth > 1 ? TIMED_OF_PIPELINED : 1;
const latency = new DurationHistogram();
const pace = new Pace(job.perSecond);

let requests = 0;
let isOver = false;

/** The keys as strings, made before anything is measured. */
const keys = job.kind === 'fill' ? [] : Array.from({ length: job.keys }, (_, at) => keyOf(at));

function randomKey(): string {
  return keys[randomBelow(keys.length)] as string;
}

async function put(driver: Driver): Promise<void> {
  await driver.put(randomKey(), value);
}

async function get(driver: Driver): Promise<void> {
  const found = await driver.get(randomKey());
  if (found?.length !== job.valueBytes) throw new Error('a value is wrong');
}

async function range(driver: Driver): Promise<void> {
  if ((await driver.page(randomKey(), job.pageItems)) === 0) throw new Error('a page is empty');
}

const WORK = { put, get, range } as const;

async function untilOver(driver: Driver, work: (driver: Driver) => Promise<void>): Promise<void> {
  while (!isOver) {
    if (job.perSecond > 0) await pace.turn();
    if (requests % timedEvery === 0) {
      const startedMs = performance.now();
      await work(driver);
      latency.record(performance.now() - startedMs);
    } else {
      await work(driver);
    }
    requests += 1;
  }
}

async function fill(driver: Driver): Promise<void> {
  while (requests < job.keys) {
    const index = requests;
    requests += 1;
    await driver.put(keyOf(index), value);
  }
}

function report(message: LoadMessage): void {
  process.send?.(message);
}

const drivers = await Promise.all(Array.from({ length: job.connections }, () => openDriver(job)));
const { kind } = job;
let startedAt = performance.now();
if (kind === 'fill') report({ type: 'begun' });
const work = Promise.all(
  drivers.flatMap((driver) =>
    Array.from({ length: job.depth }, () =>
      kind === 'fill' ? fill(driver) : untilOver(driver, WORK[kind]),
    ),
  ),
);
if (kind === 'fill') {
  await work;
} else {
  // whichever comes first: a failure of the work rejects at once
  await Promise.race([work, delay(job.warmUpMs)]);
  requests = 0;
  latency.reset();
  startedAt = performance.now();
  report({ type: 'begun' });
  await Promise.race([work, delay(job.measureMs)]);
}
const seconds = (performance.now() - startedAt) / 1000;
report({ type: 'result', requests, seconds, latency: latency.summary() });
isOver = true;
await work;
await Promise.all(drivers.map((driver) => driver.close()));
process.disconnect?.();
