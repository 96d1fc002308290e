import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startWatchdog, watchdogPeriodMs } from '../../../src/daemon/watchdog.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test.each([
  [{ WATCHDOG_USEC: '30000000' }, 15_000],
  [{ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '4711' }, 15_000],
  [{ WATCHDOG_USEC: '1' }, 1],
  [{ WATCHDOG_USEC: '30000000', WATCHDOG_PID: '4712' }, undefined],
  [{ WATCHDOG_USEC: '0' }, undefined],
  [{ WATCHDOG_USEC: 'soon' }, undefined],
  [{}, undefined],
])('%j: a sign of life every %j ms', (environment, periodMs) => {
  expect(watchdogPeriodMs(environment, 4711)).toBe(periodMs);
});

test('gives signs of life as long as all is well', () => {
  let healthy = true;
  let signs = 0;
  startWatchdog(
    100,
    () => healthy,
    () => {
      signs += 1;
    },
  );
  expect(signs).toBe(1);
  vi.advanceTimersByTime(250);
  expect(signs).toBe(3);
  healthy = false;
  vi.advanceTimersByTime(1000);
  expect(signs).toBe(3);
  healthy = true;
  vi.advanceTimersByTime(100);
  expect(signs).toBe(4);
});
