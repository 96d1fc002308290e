import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ValueCache } from '../../../src/storage/read/value-cache.ts';

/** A value that tells its revision and length. */
function valueFor(revision: number, bytes: number): Buffer {
  return Buffer.alloc(bytes, `${revision}:${bytes};`);
}

function read(cache: ValueCache, revision: number): Buffer | undefined {
  const at = cache.find(revision);
  return at < 0 ? undefined : Buffer.from(cache.buffer.subarray(at, at + cache.foundBytes));
}

test('what was put is found with its time, until it is pushed out', () => {
  const cache = new ValueCache(64 * 1024);
  cache.put(7, 1_700_000_000_123, valueFor(7, 100), 0, 100);
  expect(read(cache, 7)).toEqual(valueFor(7, 100));
  expect(cache.foundUpdatedAt).toBe(1_700_000_000_123);
  expect(read(cache, 8)).toBeUndefined();
  for (let revision = 100; revision < 1100; revision++) {
    cache.put(revision, 1, valueFor(revision, 100), 0, 100);
  }
  expect(cache.entries).toBeLessThan(600);
  expect(read(cache, 1099)).toEqual(valueFor(1099, 100));
});

test('a value asked for again and again outlives many that are not', () => {
  const cache = new ValueCache(64 * 1024);
  cache.put(1, 1, valueFor(1, 100), 0, 100);
  for (let revision = 2; revision < 5000; revision++) {
    cache.put(revision, 1, valueFor(revision, 100), 0, 100);
    expect(read(cache, 1)).toEqual(valueFor(1, 100));
  }
});

test('revisions that differ only above 32 bits are not mixed up', () => {
  const cache = new ValueCache(64 * 1024);
  const high = 5 + 2 ** 40;
  cache.put(5, 1, valueFor(5, 10), 0, 10);
  cache.put(high, 2, valueFor(high, 11), 0, 11);
  expect(read(cache, 5)).toEqual(valueFor(5, 10));
  expect(read(cache, high)).toEqual(valueFor(high, 11));
});

test('fetching is no use of a value', () => {
  const cache = new ValueCache(8192);
  cache.put(1, 1, valueFor(1, 100), 0, 100);
  for (let revision = 2; revision < 200; revision++) {
    cache.fetch(Float64Array.of(1), 1);
    cache.put(revision, 1, valueFor(revision, 100), 0, 100);
  }
  expect(cache.has(1)).toBe(false);
  expect([cache.hits, cache.misses]).toEqual([0, 0]);
});

test('a value that is large for the cache, and a cache of nothing, take nothing in', () => {
  const cache = new ValueCache(64 * 1024);
  cache.put(1, 1, Buffer.alloc(4096), 0, 4096);
  expect(cache.entries).toBe(0);
  const none = new ValueCache(0);
  none.put(1, 1, Buffer.alloc(1), 0, 1);
  expect(none.find(1)).toBe(-1);
});

test('whatever is found is what was put, through wraps and second chances', () => {
  const step = fc.record({
    revision: fc.integer({ min: 1, max: 60 }),
    isRead: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 8192, max: 9000 }),
      fc.array(step, { maxLength: 800 }),
      (bytesMax, steps) => {
        const cache = new ValueCache(bytesMax);
        let found = 0;
        for (const { revision, isRead } of steps) {
          // A revision has one value for ever: make the length a function of it.
          const length = (revision * 37) % 100;
          cache.fetch(Float64Array.of(0, revision, revision + 1, 2 ** 50), 4);
          if (!isRead) cache.put(revision, revision, valueFor(revision, length), 0, length);
          const value = read(cache, revision);
          if (value === undefined) continue;
          found += 1;
          expect(value).toEqual(valueFor(revision, length));
          expect(cache.foundUpdatedAt).toBe(revision);
        }
        expect(found).toBeGreaterThanOrEqual(steps.some(({ isRead }) => !isRead) ? 1 : 0);
      },
    ),
    { numRuns: 300 },
  );
});
