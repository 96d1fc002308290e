import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { watchStopSignals } from '../../../src/daemon/stop-signals.ts';

function watch(): { source: EventEmitter; calls: string[] } {
  const source = new EventEmitter();
  const calls: string[] = [];
  watchStopSignals({
    source,
    onFirst: (signal) => calls.push(`first ${signal}`),
    onSecond: (signal) => calls.push(`second ${signal}`),
  });
  return { source, calls };
}

test('the first asks, another one insists', () => {
  const { source, calls } = watch();
  source.emit('SIGINT');
  source.emit('SIGTERM');
  expect(calls).toEqual(['first SIGINT', 'second SIGTERM']);
});

test('one Ctrl-C may come twice', async () => {
  const { source, calls } = watch();
  source.emit('SIGINT');
  source.emit('SIGINT');
  expect(calls).toEqual(['first SIGINT']);
  await delay(150);
  source.emit('SIGINT');
  expect(calls).toEqual(['first SIGINT', 'second SIGINT']);
});
