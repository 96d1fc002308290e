import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { CollectionTimes } from '../../../src/host/collection-times.ts';
import { HostMonitor } from '../../../src/host/host-monitor.ts';
import { LoopLagMonitor } from '../../../src/host/loop-lag.ts';

const stops: (() => void)[] = [];

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

function keep<T extends { stop(): void }>(monitor: T): T {
  stops.push(() => monitor.stop());
  return monitor;
}

/** Holds the event loop. */
function hold(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

test('figures: what it costs, and what is left', async () => {
  const monitor = keep(new HostMonitor());
  await monitor.sample();
  const before = monitor.figures();
  hold(60);
  const after = monitor.figures();
  expect(after.process.pid).toBe(process.pid);
  expect(after.process.uptimeMs).toBeGreaterThan(before.process.uptimeMs);
  expect(Math.abs(after.process.startedAt - before.process.startedAt)).toBeLessThan(1000);
  const usedMs = after.process.cpuUserMs + after.process.cpuSystemMs;
  expect(usedMs).toBeGreaterThan(before.process.cpuUserMs + before.process.cpuSystemMs);
  expect(after.process.mainThreadCpuMs).toBeGreaterThan(before.process.mainThreadCpuMs);
  expect(after.process.rssBytes).toBeGreaterThan(after.process.heapUsedBytes);
  expect(after.system.memoryBytes).toBeGreaterThan(after.process.rssBytes);
  expect(after.system.cpus).toBeGreaterThanOrEqual(1);
});

test('every figure is a finite number, or null where the system does not tell', async () => {
  const monitor = keep(new HostMonitor());
  const numbersOf = (facts: object): unknown[] =>
    Object.values(facts).flatMap((fact: unknown) =>
      typeof fact === 'object' && fact !== null ? numbersOf(fact) : [fact],
    );
  for (const figure of numbersOf(monitor.figures())) {
    if (figure !== null) expect(Number.isFinite(figure)).toBe(true);
  }
  await monitor.sample();
  for (const figure of numbersOf(monitor.figures())) {
    if (figure !== null) expect(Number.isFinite(figure)).toBe(true);
  }
});

test('asks for samples one at a time', async () => {
  const monitor = keep(new HostMonitor());
  expect(monitor.sample()).toBe(monitor.sample());
  await monitor.sample();
});

test('lag of the event loop: seen, kept over one renewal, forgotten after two', async () => {
  const monitor = keep(new LoopLagMonitor());
  await delay(60);
  hold(150);
  await delay(60);
  expect(monitor.lag().maxMs).toBeGreaterThanOrEqual(100);
  monitor.renew();
  expect(monitor.lag().maxMs).toBeGreaterThanOrEqual(100);
  monitor.renew();
  expect(monitor.lag()).toEqual({ p50Ms: 0, p99Ms: 0, maxMs: 0 });
});

test('garbage collections are timed', async () => {
  const times = keep(new CollectionTimes());
  const minors = (): number => times.byKind.minor.count;
  await expect
    .poll(() => {
      // what a scavenge has to clear away
      for (let index = 0; index < 100_000; index++) Buffer.from(`${index}`);
      return minors();
    })
    .toBeGreaterThan(0);
  expect(times.byKind.minor.maxMs).toBeGreaterThan(0);
});
