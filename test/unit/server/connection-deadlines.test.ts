/** Deadlines of a connection, at times that are given. */

import { expect, test } from 'vitest';
import { ConnectionDeadlines } from '../../../src/server/connection-deadlines.ts';
import { resolveServerLimits } from '../../../src/server/server-limits.ts';
import { MemoryStore } from './memory-store.ts';

const IDLE_MS = 10_000;

function opened(atMs: number): ConnectionDeadlines {
  const limits = resolveServerLimits(
    { idleTimeoutMs: IDLE_MS },
    new MemoryStore().options,
    2 ** 30,
  );
  return new ConnectionDeadlines({ limits }, atMs);
}

test('a silent client is asked once, at half of its time, and is over when it says nothing', () => {
  const deadlines = opened(0);
  expect(deadlines.idleness(IDLE_MS / 2 - 1, false)).toBe('fine');
  expect(deadlines.idleness(IDLE_MS / 2, false)).toBe('ask');
  expect(deadlines.idleness(IDLE_MS / 2 + 1, false)).toBe('fine');
  expect(deadlines.idleness(IDLE_MS - 1, false)).toBe('fine');
  expect(deadlines.idleness(IDLE_MS, false)).toBe('over');
});

test('one that answers stays, and is asked anew', () => {
  const deadlines = opened(0);
  for (let nowMs = IDLE_MS / 2; nowMs < 5 * IDLE_MS; nowMs += IDLE_MS / 2) {
    expect(deadlines.idleness(nowMs, false)).toBe('ask');
    deadlines.heard(nowMs);
  }
});

test('one that waits for an answer is not silent', () => {
  const deadlines = opened(0);
  expect(deadlines.idleness(3 * IDLE_MS, true)).toBe('fine');
  expect(deadlines.idleness(4 * IDLE_MS - 1, false)).toBe('ask');
});

test('one is quiet when it has said nothing for five seconds', () => {
  const deadlines = opened(0);
  expect([deadlines.isQuiet(4999), deadlines.isQuiet(5000)]).toEqual([false, true]);
  deadlines.heard(5000);
  expect(deadlines.isQuiet(9999)).toBe(false);
});
