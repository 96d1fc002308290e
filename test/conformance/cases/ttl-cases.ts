/** Time to live: expired is absent, everywhere at once. */

import { expect } from 'vitest';
import { type Cases, keysOf } from '../subject.ts';

export const ttlCases: Cases = {
  async '33. an expired key is absent everywhere'({ db, pass }) {
    const { expiresAt, updatedAt } = await db.put('k', 'v', { ttlMs: 1000 });
    await db.put('stays', 'v');
    expect(expiresAt).toBe(updatedAt + 1000);
    expect((await db.getEntry('k'))?.expiresAt).toBe(expiresAt);
    expect((await db.rangePage()).entries[0]?.expiresAt).toBe(expiresAt);
    pass(999);
    expect(await db.exists('k')).toBe(true);
    expect(await db.count()).toBe(2);
    pass(1);
    expect(await db.get('k')).toBeUndefined();
    expect(await db.getEntry('k')).toBeUndefined();
    expect(await db.exists('k')).toBe(false);
    expect(await db.getMany(['k', 'stays'])).toEqual([undefined, Buffer.from('v')]);
    expect(await keysOf(db)).toEqual(['stays']);
    expect(await keysOf(db, { reverse: true, keysOnly: true })).toEqual(['stays']);
    expect(await db.count()).toBe(1);
    expect(await db.delete('k')).toBe(false);
  },

  async 'conditions take an expired key for absent'({ db, pass }) {
    const { revision } = await db.put('k', 'v', { ttlMs: 1000 });
    await db.put('l', 'v', { ttlMs: 1000 });
    pass(1000);
    await expect(db.put('k', 'x', { ifPresent: true })).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { revision: null },
    });
    await expect(db.put('k', 'x', { ifRevision: revision })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    expect((await db.put('k', 'x', { ifAbsent: true })).version).toBe(1);
    expect((await db.batch([{ type: 'put', key: 'l', value: 'x', ifAbsent: true }]))[0]).toEqual({
      revision: expect.any(Number),
      version: 1,
    });
  },

  async 'a put and an item of a batch expire at a time'({ db, pass }) {
    const { updatedAt } = await db.put('now', 'v');
    const expiresAt = updatedAt + 1000;
    expect((await db.put('k', 'v', { expiresAt })).expiresAt).toBe(expiresAt);
    await db.batch([{ type: 'put', key: 'l', value: 'v', expiresAt: expiresAt + 1000 }]);
    expect((await db.getEntry('l'))?.expiresAt).toBe(expiresAt + 1000);
    pass(1000);
    expect(await keysOf(db)).toEqual(['l', 'now']);
    pass(1000);
    expect(await keysOf(db)).toEqual(['now']);
    await expect(db.put('k', 'v', { expiresAt, ttlMs: 1 })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    });
  },

  async 'an entry starts anew after it expired'({ db, pass }) {
    const before = await db.put('k', 'one', { ttlMs: 1000 });
    await db.put('k', 'two', { ttlMs: 1000 });
    pass(1000);
    const anew = await db.put('k', 'three');
    expect(anew).toMatchObject({
      version: 1,
      createdAt: before.createdAt + 1000,
      expiresAt: undefined,
    });
  },

  async 'a put without it takes it away'({ db, pass }) {
    await db.put('k', 'one', { ttlMs: 1000 });
    expect(await db.put('k', 'two')).toMatchObject({ version: 2, expiresAt: undefined });
    pass(5000);
    expect((await db.get('k'))?.toString()).toBe('two');
  },

  async 'a put with it gives a new one'({ db, pass }) {
    await db.put('k', 'one');
    await db.put('k', 'two', { ttlMs: 1000 });
    pass(900);
    const third = await db.put('k', 'three', { ttlMs: 1000 });
    expect(third.version).toBe(3);
    pass(999);
    expect(await db.exists('k')).toBe(true);
    pass(1);
    expect(await db.exists('k')).toBe(false);
  },

  async 'keepTtl keeps it, and is nothing where there is none'({ db, pass }) {
    const { expiresAt } = await db.put('k', 'one', { ttlMs: 1000 });
    pass(500);
    expect((await db.put('k', 'two', { keepTtl: true })).expiresAt).toBe(expiresAt);
    expect((await db.put('plain', 'x', { keepTtl: true })).expiresAt).toBeUndefined();
    pass(500);
    expect(await keysOf(db)).toEqual(['plain']);
    expect((await db.put('k', 'three', { keepTtl: true })).expiresAt).toBeUndefined();
  },

  async 'keepTtl sees a put of the same turn'({ db }) {
    const [first, second] = await Promise.all([
      db.put('k', 'one', { ttlMs: 1000 }),
      db.put('k', 'two', { keepTtl: true }),
    ]);
    expect(second.expiresAt).toBe(first.expiresAt);
  },

  async 'many expire at once, and count is exact'({ db, pass }) {
    const items = Array.from({ length: 400 }, (_, index) => ({
      type: 'put' as const,
      key: `k${String(index).padStart(3, '0')}`,
      value: 'v',
      ...(index % 4 === 0 ? {} : { ttlMs: 1000 + (index % 4) }),
    }));
    await db.batch(items);
    pass(1002);
    expect(await db.count()).toBe(200);
    expect(await keysOf(db)).toHaveLength(200);
    pass(1);
    expect(await db.count()).toBe(100);
  },

  async 'nonsense is refused'({ db }) {
    for (const ttlMs of [0, -1, 1.5, Number.NaN]) {
      await expect(db.put('k', 'v', { ttlMs }), String(ttlMs)).rejects.toHaveProperty(
        'code',
        'INVALID_OPTION',
      );
    }
    await expect(db.put('k', 'v', { ttlMs: 5, keepTtl: true })).rejects.toThrow();
    expect(await db.exists('k')).toBe(false);
  },
};
