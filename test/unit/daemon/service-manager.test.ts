import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Notifier } from '../../../src/daemon/service-manager.ts';

const EXTEND = 'EXTEND_TIMEOUT_USEC=60000000';

let sent: string[][];
beforeEach(() => {
  sent = [];
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function notifier(watchdogMs?: number): Notifier {
  return new Notifier((assignments) => sent.push([...assignments]), watchdogMs);
}

test('asks for more time until it is ready', () => {
  const manager = notifier();
  manager.opening('loading /data');
  expect(sent.splice(0)).toEqual([[`MAINPID=${process.pid}`, EXTEND, 'STATUS=loading /data']]);
  vi.advanceTimersByTime(25_000);
  expect(sent.splice(0)).toEqual([[EXTEND], [EXTEND]]);
  manager.ready('serving');
  vi.advanceTimersByTime(60_000);
  expect(sent).toEqual([['READY=1', 'STATUS=serving']]);
});

test('asks for no more time once it stops', () => {
  const manager = notifier();
  manager.opening('loading');
  manager.stopping('SIGTERM');
  vi.advanceTimersByTime(60_000);
  expect(sent.at(-1)).toEqual(['STOPPING=1', 'STATUS=SIGTERM']);
});

test('a reload carries the monotonic clock', () => {
  notifier().reloading();
  const [reloading, clock] = sent[0] ?? [];
  expect(reloading).toBe('RELOADING=1');
  expect(clock).toMatch(/^MONOTONIC_USEC=[1-9]\d*$/);
});

test('signs of life are given where somebody watches, once per period', () => {
  const manager = notifier(1000);
  manager.watch(() => true);
  manager.watch(() => true);
  vi.advanceTimersByTime(2000);
  expect(sent).toEqual([['WATCHDOG=1'], ['WATCHDOG=1'], ['WATCHDOG=1']]);
});

test('nobody watches', () => {
  notifier().watch(() => true);
  vi.advanceTimersByTime(60_000);
  expect(sent).toEqual([]);
});
