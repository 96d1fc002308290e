/** Batches: conditions against the state before, items in order, all or nothing. */

import { expect } from 'vitest';
import type { BatchItem } from '../../../src/storage/index.ts';
import { type Cases, keysOf, LIMITS } from '../subject.ts';

export const batchCases: Cases = {
  async 'puts and deletes, each with a revision of its own'({ db }) {
    const { revision } = await db.put('old', 'x');
    const results = await db.batch([
      { type: 'put', key: 'a', value: '1' },
      { type: 'delete', key: 'old' },
      { type: 'put', key: 'b', value: '' },
    ]);
    expect(results).toEqual([
      { revision: revision + 1, version: 1 },
      { revision: revision + 2, version: undefined },
      { revision: revision + 3, version: 1 },
    ]);
    expect(await keysOf(db)).toEqual(['a', 'b']);
  },

  async 'an empty one does nothing'({ db }) {
    const { revision } = await db.put('k', 'v');
    expect(await db.batch([])).toEqual([]);
    expect((await db.put('k', 'v')).revision).toBe(revision + 1);
  },

  async 'repeated keys: items apply in order, the last wins, versions count every put'({ db }) {
    const { revision: before } = await db.put('k', 'before');
    const results = await db.batch([
      { type: 'put', key: 'k', value: 'one' },
      { type: 'put', key: 'k', value: 'two' },
      { type: 'delete', key: 'k' },
      { type: 'put', key: 'k', value: 'three' },
      { type: 'put', key: 'k', value: 'four' },
      { type: 'put', key: 'gone', value: 'x' },
      { type: 'delete', key: 'gone' },
    ]);
    expect(results.map(({ version }) => version)).toEqual([2, 3, undefined, 1, 2, 1, undefined]);
    expect(results.map(({ revision }) => Number(revision) - before)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await db.getEntry('k')).toMatchObject({
      version: 2,
      revision: before + 5,
      value: Buffer.from('four'),
    });
    expect(await keysOf(db)).toEqual(['k']);
    expect(await db.count()).toBe(1);
  },

  async 'the delete of an absent key has no revision and takes none'({ db }) {
    const { revision } = await db.put('k', 'before');
    const results = await db.batch([
      { type: 'delete', key: 'none' },
      { type: 'put', key: 'k', value: 'v' },
      { type: 'delete', key: 'none' },
    ]);
    expect(results.map((result) => result.revision)).toEqual([undefined, revision + 1, undefined]);
    const nothing = await db.batch([{ type: 'delete', key: 'none' }]);
    expect(nothing).toEqual([{ revision: undefined, version: undefined }]);
    expect((await db.put('k', 'v')).revision).toBe(revision + 2);
  },

  async 'conditions are evaluated against the state before the batch'({ db }) {
    const { revision } = await db.put('k', 'one');
    const results = await db.batch([
      { type: 'put', key: 'k', value: 'two', ifRevision: revision },
      { type: 'put', key: 'k', value: 'three', ifRevision: revision },
      { type: 'put', key: 'new', value: '1', ifAbsent: true },
      { type: 'put', key: 'new', value: '2', ifAbsent: true },
      { type: 'delete', key: 'k', ifPresent: true },
    ]);
    expect(results.map(({ version }) => version)).toEqual([2, 3, 1, 2, undefined]);
    expect((await db.get('new'))?.toString()).toBe('2');
    expect(await db.exists('k')).toBe(false);
  },

  async 'a condition that fails names its item, and nothing is left of the batch'({ db }) {
    const { revision } = await db.put('k', 'one');
    const failing = db.batch([
      { type: 'put', key: 'a', value: '1' },
      { type: 'delete', key: 'k' },
      { type: 'put', key: 'k', value: 'x', ifAbsent: true },
    ]);
    await expect(failing).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { index: 2, revision },
    });
    expect(await keysOf(db)).toEqual(['k']);
    expect(await db.getEntry('k')).toMatchObject({ revision, version: 1 });
    expect((await db.put('next', 'x')).revision).toBe(revision + 1);
  },

  async 'conditions see writes of the same turn'({ db }) {
    const [put, batch] = await Promise.allSettled([
      db.put('k', 'first', { ifAbsent: true }),
      db.batch([
        { type: 'put', key: 'other', value: 'x' },
        { type: 'put', key: 'k', value: 'second', ifAbsent: true },
      ]),
    ]);
    expect(put.status).toBe('fulfilled');
    expect(batch).toMatchObject({ reason: { code: 'CONFLICT', details: { index: 1 } } });
    expect(await keysOf(db)).toEqual(['k']);
  },

  async 'what comes after a batch in the same turn sees all of it'({ db }) {
    const items = Array.from({ length: LIMITS.maxBatchItems }, (_, index): BatchItem => {
      return { type: 'put', key: `k${index}`, value: Buffer.alloc(1000, index) };
    });
    const [, after, count, page, value] = await Promise.all([
      db.batch(items),
      db.put('k0', 'after'),
      db.count(),
      db.rangePage({ limit: 3 }),
      db.get('k499'),
    ]);
    expect(after.version).toBe(2);
    expect(count).toBe(LIMITS.maxBatchItems);
    expect(page.entries).toHaveLength(3);
    expect(value).toEqual(Buffer.alloc(1000, 499));
    expect((await db.get('k0'))?.toString()).toBe('after');
  },

  async 'time to live in a batch'({ db, pass }) {
    await db.put('kept', 'x', { ttlMs: 5000 });
    await db.batch([
      { type: 'put', key: 'short', value: '1', ttlMs: 1000 },
      { type: 'put', key: 'kept', value: '2', keepTtl: true },
      { type: 'put', key: 'long', value: '3' },
    ]);
    pass(1000);
    expect(await keysOf(db)).toEqual(['kept', 'long']);
    pass(4000);
    expect(await keysOf(db)).toEqual(['long']);
  },

  async 'validation comes before anything is written'({ db }) {
    const good = { type: 'put', key: 'good', value: 'x' } as const;
    const wrong: readonly [BatchItem, string][] = [
      [{ type: 'put', key: '', value: 'x' }, 'KEY_EMPTY'],
      [{ type: 'delete', key: '' }, 'KEY_EMPTY'],
      [{ type: 'put', key: Buffer.alloc(65_536, 1), value: 'x' }, 'KEY_TOO_LONG'],
      [{ type: 'put', key: 'k', value: Buffer.alloc(LIMITS.maxValueBytes + 1) }, 'VALUE_TOO_LARGE'],
    ];
    for (const [item, code] of wrong) {
      await expect(db.batch([good, item]), code).rejects.toMatchObject({ code });
    }
    expect(await db.count()).toBe(0);
  },

  async 'limits on items and bytes'({ db }) {
    const items = Array.from({ length: LIMITS.maxBatchItems + 1 }, (_, index): BatchItem => {
      return { type: 'put', key: `k${index}`, value: '' };
    });
    await expect(db.batch(items)).rejects.toMatchObject({ code: 'BATCH_TOO_LARGE' });
    const bytes = Array.from({ length: 5 }, (_, index): BatchItem => {
      return { type: 'put', key: `k${index}`, value: Buffer.alloc(LIMITS.maxBatchBytes / 4) };
    });
    await expect(db.batch(bytes)).rejects.toMatchObject({ code: 'BATCH_TOO_LARGE' });
    expect(await db.count()).toBe(0);
    await db.batch(items.slice(1));
    expect(await db.count()).toBe(LIMITS.maxBatchItems);
  },
};
