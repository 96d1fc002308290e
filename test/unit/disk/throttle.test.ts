import { expect, test } from 'vitest';
import { Throttle } from '../../../src/storage/disk/throttle.ts';

/** A clock that stands still, and timers that only say how long they are. */
function throttle(bytesPerSecond: number) {
  const state = { nowMs: 1000, waits: [] as number[] };
  const environment = {
    clock: { monotonicMs: () => state.nowMs, wallMs: () => 0 },
    scheduler: {
      endOfTurn: () => {},
      after: (ms: number, task: () => void) => {
        state.waits.push(ms);
        state.nowMs += ms;
        task();
        return { cancel: () => {} };
      },
    },
  };
  return { state, throttle: new Throttle(environment, bytesPerSecond) };
}

test('waits for as long as the bytes so far take', async () => {
  const { state, throttle: limited } = throttle(1000);
  await limited.wait(500);
  state.nowMs += 100;
  await limited.wait(1000);
  expect(state.waits).toEqual([500, 400]);
});

test('without a limit it does not wait', async () => {
  const { state, throttle: free } = throttle(0);
  await free.wait(1e9);
  expect(state.waits).toEqual([]);
});

test('another limit counts from where it was set', async () => {
  const { state, throttle: limited } = throttle(0);
  await limited.wait(1_000_000);
  limited.limit(1000, 1_000_000);
  await limited.wait(1_000_500);
  limited.limit(1000, 1_000_500);
  await limited.wait(1_001_000);
  limited.limit(10, 1_001_000);
  await limited.wait(1_001_010);
  expect(state.waits).toEqual([500, 500, 1000]);
});
