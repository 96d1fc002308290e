import { expect, test } from 'vitest';
import { Lockout, type LockoutOptions } from '../../../src/security/lockout.ts';

const OPTIONS: LockoutOptions = {
  freeFailures: 3,
  firstMs: 1000,
  maxMs: 10_000,
  forgiveMs: 60_000,
  entriesMax: 3,
};

function failTimes(lockout: Lockout, key: string, times: number, nowMs = 0): void {
  for (let time = 0; time < times; time++) lockout.failed(key, nowMs);
}

test('the first failures cost nothing, each further one twice the time, up to a limit', () => {
  const waits: number[] = [];
  const lockout = new Lockout(OPTIONS);
  for (let time = 0; time < 9; time++) {
    lockout.failed('a', 0);
    waits.push(lockout.waitMs('a', 0));
  }
  expect(waits).toEqual([0, 0, 0, 1000, 2000, 4000, 8000, 10_000, 10_000]);
});

test('a lock ends by itself, and the next failure locks for longer', () => {
  const lockout = new Lockout(OPTIONS);
  failTimes(lockout, 'a', 4);
  expect(lockout.waitMs('a', 999)).toBe(1);
  expect(lockout.waitMs('a', 1000)).toBe(0);
  lockout.failed('a', 1000);
  expect(lockout.waitMs('a', 1000)).toBe(2000);
});

test('one key does not lock another', () => {
  const lockout = new Lockout(OPTIONS);
  failTimes(lockout, 'a', 9);
  expect(lockout.waitMs('b', 0)).toBe(0);
});

test('a success wipes the slate', () => {
  const lockout = new Lockout(OPTIONS);
  failTimes(lockout, 'a', 9);
  lockout.succeeded('a');
  failTimes(lockout, 'a', 3);
  expect(lockout.waitMs('a', 0)).toBe(0);
});

test('failures are forgiven one by one as time passes', () => {
  const lockout = new Lockout(OPTIONS);
  failTimes(lockout, 'a', 5);
  lockout.failed('a', 2 * OPTIONS.forgiveMs);
  expect(lockout.waitMs('a', 2 * OPTIONS.forgiveMs)).toBe(1000);
  lockout.failed('a', 200 * OPTIONS.forgiveMs);
  expect(lockout.waitMs('a', 200 * OPTIONS.forgiveMs)).toBe(0);
});

test('the table is bounded: the key whose last failure is longest ago makes room', () => {
  const lockout = new Lockout(OPTIONS);
  for (const key of ['a', 'b', 'c']) failTimes(lockout, key, 5);
  lockout.failed('a', 0);
  lockout.failed('d', 0);
  expect(lockout.size).toBe(3);
  expect(lockout.waitMs('b', 0)).toBe(0);
  for (const key of ['a', 'c']) expect(lockout.waitMs(key, 0)).toBeGreaterThan(0);
});
