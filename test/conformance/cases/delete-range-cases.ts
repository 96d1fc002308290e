/** Deleting ranges, and counting them: bounds, what survives, how it ends. */

import { expect } from 'vitest';
import type { DeleteRangeOptions } from '../../../src/storage/index.ts';
import { type Cases, keysOf, type Operations, putAll } from '../subject.ts';

const bytes = (...values: number[]) => Buffer.from(values);

/** Keys around the ends of the byte order. */
const EDGES = [
  bytes(0),
  bytes(0, 0),
  bytes(0x61),
  bytes(0x61, 0),
  bytes(0x61, 0xff),
  bytes(0x61, 0xff, 0),
  bytes(0x61, 0xff, 0xff),
  bytes(0x62),
  bytes(0xff),
  bytes(0xff, 0),
  bytes(0xff, 0xff),
  bytes(0xff, 0xff, 0xff),
];

/** Bounds, and how many of the edges lie within. */
const RANGES: readonly (readonly [DeleteRangeOptions, number])[] = [
  [{ prefix: bytes(0xff) }, 4],
  [{ prefix: bytes(0xff, 0xff) }, 2],
  [{ prefix: bytes(0x61) }, 5],
  [{ prefix: bytes(0x61, 0xff) }, 3],
  [{ prefix: bytes(0x60) }, 0],
  [{ start: bytes(0x61), end: bytes(0x62) }, 5],
  [{ start: bytes(0x61, 0xff) }, 8],
  [{ end: bytes(0x61) }, 2],
  [{ start: bytes(0x62), end: bytes(0x61) }, 0],
  [{ start: bytes(0x62), end: bytes(0x62) }, 0],
  [{ prefix: bytes(0x61), start: bytes(0x61, 0), end: bytes(0x61, 0xff, 0xff) }, 3],
  [{ prefix: bytes(0x61), end: bytes(0x00) }, 0],
  [{ start: '', prefix: bytes(0xff, 0) }, 1],
  [{ all: true }, 12],
];

async function putMany(db: Operations, prefix: string, count: number): Promise<void> {
  const names = Array.from({ length: count }, (_, index) => `${prefix}${index}`);
  for (let from = 0; from < count; from += 500) {
    const part = names.slice(from, from + 500);
    await db.batch(part.map((key) => ({ type: 'put', key, value: key }) as const));
  }
}

export const deleteRangeCases: Cases = {
  async 'every bound, at the ends of the byte order'({ db }) {
    for (const [range, expected] of RANGES) {
      await putAll(db, EDGES);
      const { all: _, ...bounds } = range;
      expect(await db.count(bounds), JSON.stringify(range)).toBe(expected);
      const within = await keysOf(db, bounds);
      const { deleted, revision } = await db.deleteRange(range);
      expect(deleted, JSON.stringify(range)).toBe(expected);
      expect(revision === undefined).toBe(expected === 0);
      expect(await db.count(bounds)).toBe(0);
      expect(await db.count()).toBe(EDGES.length - expected);
      for (const key of within) expect(await db.exists(Buffer.from(key, 'latin1'))).toBe(false);
    }
  },

  async 'everything only where that is said'({ db }) {
    await putAll(db, ['a', 'b']);
    for (const range of [{}, { prefix: '' }, { start: '', end: '' }, { all: false }]) {
      await expect(db.deleteRange(range), JSON.stringify(range)).rejects.toMatchObject({
        code: 'INVALID_OPTION',
      });
    }
    await expect(db.deletePrefix('')).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    const both = db.deleteRange({ all: true, prefix: 'a' });
    await expect(both).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    expect(await db.count()).toBe(2);
    expect(await db.deleteRange({ all: true })).toMatchObject({ deleted: 2 });
  },

  async 'the revision is that of the last key deleted'({ db }) {
    await putAll(db, ['a1', 'a2', 'b']);
    const { revision: before } = await db.put('c', 'c');
    const { deleted, revision } = await db.deletePrefix('a');
    expect({ deleted, revision }).toEqual({ deleted: 2, revision: before + 2 });
    expect(await db.deletePrefix('a')).toEqual({ deleted: 0, revision: undefined });
    expect((await db.put('d', 'd')).revision).toBe(before + 3);
  },

  async 'keys that expired are neither deleted nor counted'({ db, pass }) {
    await db.put('a1', '1', { ttlMs: 1000 });
    await db.put('a2', '2', { ttlMs: 5000 });
    await db.put('a3', '3');
    expect(await db.count({ prefix: 'a' })).toBe(3);
    pass(1000);
    expect(await db.count({ prefix: 'a' })).toBe(2);
    expect((await db.deletePrefix('a')).deleted).toBe(2);
    pass(5000);
    expect(await db.count()).toBe(0);
    // a key that was deleted begins anew
    expect(await db.put('a2', 'x')).toMatchObject({ version: 1, expiresAt: undefined });
  },

  async 'what is written before is deleted, what is written after survives'({ db }) {
    await putMany(db, 'k', 3000);
    const before = [db.put('k-before', '1'), db.put('k0', 'changed')];
    const deleting = db.deletePrefix('k');
    // new keys and changed ones, at both ends and in between
    const late = ['k-after', 'k0', 'k1500', 'k2999', 'k999', 'kzzz'];
    const after = late.map((key) => db.put(key, 'after'));
    await Promise.all([...before, ...after]);
    expect((await deleting).deleted).toBe(3001 - 4);
    expect(await keysOf(db, { prefix: 'k' })).toEqual(late.toSorted());
    for (const key of late) expect(await db.get(key)).toEqual(Buffer.from('after'));
  },

  async 'what is written while it goes on survives'({ db }) {
    await putMany(db, 'k', 6000);
    let isOver = false;
    const deleting = db.deletePrefix('k').finally(() => {
      isOver = true;
    });
    const written = new Set<string>();
    for (let turn = 0; !isOver; turn += 1) {
      const key = `k${(turn * 997) % 7000}`;
      await db.put(key, 'late');
      written.add(key);
    }
    await deleting;
    expect(new Set(await keysOf(db, { prefix: 'k' }))).toEqual(written);
    expect(await db.count({ prefix: 'k' })).toBe(written.size);
  },

  async 'progress is told, and ends at what was deleted'({ db }) {
    await putMany(db, 'k', 4000);
    const told: (readonly [number, number | undefined])[] = [];
    const onProgress = (...now: [number, number | undefined]): void => void told.push(now);
    expect((await db.deletePrefix('k', { onProgress })).deleted).toBe(4000);
    expect(told[0]).toEqual([0, 4000]);
    const done = told.map(([count]) => count);
    expect(done).toEqual(done.toSorted((one, other) => one - other));
  },

  async 'an aborted signal stops it, and the error says how far it came'({ db }) {
    await putMany(db, 'k', 20_000);
    const stop = new AbortController();
    const onProgress = (): void => stop.abort();
    const deleting = db.deletePrefix('k', { signal: stop.signal, onProgress });
    const error = await deleting.then(
      () => undefined,
      (thrown: unknown) => thrown as { code: string; details: { deleted: number } },
    );
    expect(error?.code).toBe('CANCELLED');
    const left = await keysOf(db, { prefix: 'k' });
    expect(error?.details.deleted).toBe(20_000 - left.length);
    expect(left.length).toBeGreaterThan(0);
    // the first ones are gone, in the order of the keys
    const all = Array.from({ length: 20_000 }, (_, index) => `k${index}`).toSorted();
    expect(left).toEqual(all.slice(-left.length));
    const again = await db.deletePrefix('k');
    expect(again.deleted).toBe(left.length);
  },

  async 'a signal that has aborted already'({ db }) {
    await db.put('k', 'v');
    const deleting = db.deletePrefix('k', { signal: AbortSignal.abort() });
    await expect(deleting).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(await db.count()).toBe(1);
  },

  async 'two of them at once, over the same keys'({ db }) {
    await putMany(db, 'k', 3000);
    const results = await Promise.all([db.deletePrefix('k'), db.deleteRange({ start: 'k' })]);
    expect(results.map(({ deleted }) => deleted).reduce((one, other) => one + other)).toBe(3000);
    expect(await db.count()).toBe(0);
  },
};
