/**
 * The load generator: a process of its own that does one job through a real client and reports
 * to its parent. Started by `generate-load.ts`, with the job as its argument.
 */

import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { DurationHistogram } from '../../../src/vocabulary/duration-histogram.ts';
import { type Driver, openDriver } from './driver.ts';
import type { LoadJob, LoadMessage } from './load-job.ts';
import { Pace } from './pace.ts';
import { workOf } from './work.ts';

/** Of requests that travel together, one of so many is timed. */
const TIMED_OF_PIPELINED = 32;
const PROGRESS_MS = 1000;

const job = JSON.parse(process.argv[2] ?? '') as LoadJob;
const isFill = job.kind === 'fill';
const timedEvery = job.depth > 1 ? TIMED_OF_PIPELINED : 1;
const latency = new DurationHistogram();
const pace = new Pace(job.perSecond);
const work = workOf(job);

let begun = 0;
let requests = 0;
let isOver = false;

async function untilOver(driver: Driver): Promise<void> {
  while (!isOver && !(isFill && begun >= job.keys)) {
    begun += 1;
    if (job.perSecond > 0) await pace.turn();
    if (begun % timedEvery === 0) {
      const startedMs = performance.now();
      await work(driver);
      latency.record(performance.now() - startedMs);
    } else {
      await work(driver);
    }
    requests += 1;
  }
}

function report(message: LoadMessage): void {
  process.send?.(message);
}

const secondsNow = (): number => (performance.now() - startedAt) / 1000;

const drivers = await Promise.all(Array.from({ length: job.connections }, () => openDriver(job)));
const stopped = once(process, 'message');
let startedAt = performance.now();
if (isFill) report({ type: 'begun' });
const working = Promise.all(
  drivers.flatMap((driver) => Array.from({ length: job.depth }, () => untilOver(driver))),
);
if (isFill) {
  const progress = setInterval(
    () => report({ type: 'progress', requests, seconds: secondsNow() }),
    PROGRESS_MS,
  );
  await working;
  clearInterval(progress);
} else {
  // whichever comes first: a failure of the work rejects at once
  await Promise.race([working, delay(job.warmUpMs)]);
  requests = 0;
  latency.reset();
  startedAt = performance.now();
  report({ type: 'begun' });
  await Promise.race([working, delay(job.measureMs), stopped]);
}
report({ type: 'result', requests, seconds: secondsNow(), latency: latency.summary() });
isOver = true;
await working;
await Promise.all(drivers.map((driver) => driver.close()));
// timers that are left must not keep it
process.exit(0);
