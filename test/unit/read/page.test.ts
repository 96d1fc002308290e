/** Pages that are handed over row by row are what `range` gives as objects. */

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PromiseSink } from '../../../src/storage/promise-sink.ts';
import { entriesOf } from '../../../src/storage/read/page-entries.ts';
import type { Session } from '../../../src/storage/session.ts';
import { openStore, type Store } from '../../../src/storage/store.ts';
import type { StoreOptionsInput } from '../../../src/storage/store-options.ts';
import type { RangeOptions } from '../../../src/vocabulary/entry.ts';
import type { PageView } from '../../../src/vocabulary/page-view.ts';
import { CONDITION_NONE, TTL_NONE } from '../../../src/vocabulary/write-arguments.ts';
import { scratchDirectories } from '../../crash/world/scratch.ts';

const newDirectory = scratchDirectories();
const KEYS = 300;
const MINUTE_MS = 60_000;

const keyOf = (index: number): string => `key:${String(index).padStart(4, '0')}`;

async function openFilled(options: Partial<StoreOptionsInput>): Promise<Store> {
  const store = await openStore({
    directory: newDirectory(),
    segmentBytes: 64 * 1024,
    durability: 'os',
    ballastBytes: 0,
    preallocateBytes: 0,
    merge: { automatic: false },
    ...options,
  });
  for (let index = 0; index < KEYS; index += 1) {
    // neighbours in order do not all lie beside each other in the log
    const key = keyOf((index * 7) % KEYS);
    const ttl = index % 5 === 0 ? { ttlMs: MINUTE_MS } : {};
    void store.put(key, Buffer.alloc((index * 37) % 500, index), ttl);
  }
  await store.sync();
  const touched = Array.from({ length: Math.ceil(KEYS / 11) }, (_, index) => keyOf(index * 11));
  await Promise.all(touched.map((key) => store.touch(key, { ttlMs: MINUTE_MS })));
  return store;
}

function copyOf(page: PageView): unknown {
  return structuredClone({ entries: entriesOf(page), more: page.more });
}

const bound = fc.option(
  fc.nat(KEYS + 10).map((index) => keyOf(index)),
  { nil: undefined },
);
const anyRange: fc.Arbitrary<RangeOptions> = fc.record({
  start: bound,
  end: bound,
  after: bound,
  prefix: fc.constantFrom(undefined, 'key:', 'key:01', 'nothing'),
  limit: fc.constantFrom(1, 2, 31, 32, 33, 64, 100, 500),
  reverse: fc.boolean(),
  keysOnly: fc.boolean(),
});

it.each([
  ['all', 1024 * 1024, 4 * 1024 * 1024],
  ['all, in pages of few bytes', 1024 * 1024, 5000],
  ['some', 32 * 1024, 4 * 1024 * 1024],
  ['none', 0, 4 * 1024 * 1024],
])('are the same with %s of the values in the cache', async (_, cacheBytes, maxRangeBytes) => {
  await using store = await openFilled({ cacheBytes, maxRangeBytes });
  const session = store.openSession(new PromiseSink());
  await fc.assert(
    fc.asyncProperty(anyRange, async (options) => {
      const page = session.page(options);
      const seen = copyOf(page instanceof Promise ? await page : page);
      expect(seen).toEqual(structuredClone(await session.range(options)));
    }),
  );
});

it('come at once where all is in the cache, and stay as they are where they come later', async () => {
  await using store = await openFilled({ cacheBytes: 1024 * 1024 });
  const session = store.openSession(new PromiseSink());
  expect(session.page({ keysOnly: true })).not.toBeInstanceOf(Promise);
  const asked = { limit: 20 };
  for (let time = 0; time < 3; time += 1) await session.range(asked);
  const page = session.page(asked);
  if (page instanceof Promise) throw new Error('it has to be waited for');
  const before = copyOf(page);
  put(session, 'z', 'behind it');
  const later = session.page(asked);
  expect(later).toBeInstanceOf(Promise);
  const owned = await later;
  session.page({ reverse: true, limit: 20 });
  await store.put('key:0000', 'other');
  expect(copyOf(owned)).toEqual(before);
});

it.each([
  ['the first of a range, at once', 100, undefined, [100, 100]],
  ['one behind it, when it comes again', 100, keyOf(99), [0, 100, 100]],
  ['all the others, when they come again', KEYS - 1, keyOf(0), [0, KEYS - 1, KEYS - 1]],
])('enter the cache: %s', async (_, limit, after, entriesAfter) => {
  await using store = await openFilled({ cacheBytes: 1024 * 1024 });
  const session = store.openSession(new PromiseSink());
  const { entries } = store.stats().cache;
  let fromDisk = 0;
  for (const wanted of entriesAfter) {
    ({ fromDisk } = store.stats().reads);
    await session.page({ limit, after });
    expect(store.stats().cache.entries).toBe(entries + wanted);
  }
  expect(store.stats().reads.fromDisk).toBe(fromDisk);
});

it('come behind what the session wrote before', async () => {
  await using store = await openFilled({});
  const session = store.openSession(new PromiseSink());
  put(session, 'a', 'value');
  const page = session.page({ limit: 1 });
  expect(page).toBeInstanceOf(Promise);
  expect(entriesOf(await page)).toMatchObject([{ key: Buffer.from('a') }]);
});

it('are refused like ranges', async () => {
  await using store = await openFilled({ maxRangeItems: 10 });
  const session = store.openSession(new PromiseSink());
  expect(() => session.page({ limit: 11 })).toThrow('maxRangeItems');
  expect(() => session.page({ limit: 0 })).toThrow('whole number');
  await store.close();
  expect(() => session.page({})).toThrow();
});

function put(session: Session, key: string, value: string): void {
  const [keyBytes, valueBytes] = [Buffer.from(key), Buffer.from(value)];
  const token = 1;
  session.put(
    keyBytes,
    0,
    keyBytes.length,
    valueBytes,
    0,
    valueBytes.length,
    CONDITION_NONE,
    TTL_NONE,
    token,
  );
}
