/** Expiries without values: ttl, touch, persist; and a value that goes with its key. */

import { expect } from 'vitest';
import { type Cases, keysOf } from '../subject.ts';

export const expiryCases: Cases = {
  async 'ttl: what is left, never, absent'({ db, pass }) {
    await db.put('k', 'v', { ttlMs: 5000 });
    await db.put('stays', 'v');
    expect(await db.ttl('k')).toBe(5000);
    expect(await db.ttl('stays')).toBe(Number.POSITIVE_INFINITY);
    expect(await db.ttl('absent')).toBeUndefined();
    pass(4999);
    expect(await db.ttl('k')).toBe(1);
    pass(1);
    expect(await db.ttl('k')).toBeUndefined();
    await expect(db.ttl('')).rejects.toMatchObject({ code: 'KEY_EMPTY' });
  },

  async 'ttl changes nothing'({ db }) {
    const { revision } = await db.put('k', 'v', { ttlMs: 5000 });
    await db.ttl('k');
    await db.ttl('absent');
    expect((await db.put('l', 'v')).revision).toBe(revision + 1);
  },

  async 'touch leaves value and version, and changes expiry and revision'({ db, pass }) {
    const before = await db.put('k', 'v');
    pass(10);
    expect(await db.touch('k', { ttlMs: 1000 })).toBe(true);
    expect(await db.getEntry('k')).toEqual({
      key: Buffer.from('k'),
      value: Buffer.from('v'),
      revision: before.revision + 1,
      version: 1,
      createdAt: before.createdAt,
      updatedAt: before.updatedAt + 10,
      expiresAt: before.updatedAt + 1010,
    });
    const stale = db.put('k', 'w', { ifRevision: before.revision });
    await expect(stale).rejects.toMatchObject({ code: 'CONFLICT' });
    pass(999);
    expect(await db.ttl('k')).toBe(1);
    // longer, and shorter
    expect(await db.touch('k', { ttlMs: 60_000 })).toBe(true);
    expect(await db.touch('k', { ttlMs: 500 })).toBe(true);
    pass(500);
    expect(await db.exists('k')).toBe(false);
    expect(await keysOf(db)).toEqual([]);
  },

  async 'touch to a time'({ db, pass }) {
    const { updatedAt } = await db.put('k', 'v');
    expect(await db.touch('k', { expiresAt: updatedAt + 2000 })).toBe(true);
    expect(await db.ttl('k')).toBe(2000);
    pass(2000);
    expect(await db.touch('k', { expiresAt: updatedAt + 9000 })).toBe(false);
  },

  async 'touch to a time that has passed'({ db }) {
    await db.put('k', 'v');
    expect(await db.touch('k', { expiresAt: 1 })).toBe(true);
    expect(await db.exists('k')).toBe(false);
    expect(await db.ttl('k')).toBeUndefined();
    expect((await db.put('k', 'w')).version).toBe(1);
  },

  async 'touch of an absent key makes none'({ db }) {
    expect(await db.touch('k', { ttlMs: 1000 })).toBe(false);
    expect(await db.exists('k')).toBe(false);
    expect(await db.count()).toBe(0);
  },

  async 'touch wants one time, within bounds'({ db }) {
    await db.put('k', 'v');
    const wrong = [
      {},
      { ttlMs: 1, expiresAt: 1 },
      { ttlMs: 0 },
      { ttlMs: -1 },
      { ttlMs: 1.5 },
      { ttlMs: 2 ** 47 + 1 },
      { expiresAt: 0 },
      { expiresAt: 2 ** 48 },
    ];
    for (const options of wrong) {
      await expect(db.touch('k', options), JSON.stringify(options)).rejects.toMatchObject({
        code: 'INVALID_OPTION',
      });
    }
    expect(await db.getEntry('k')).toMatchObject({ version: 1, expiresAt: undefined });
    expect(await db.touch('k', { ttlMs: 2 ** 47 })).toBe(true);
    expect(await db.touch('k', { expiresAt: 2 ** 48 - 1 })).toBe(true);
    expect(await db.getEntry('k')).toMatchObject({ expiresAt: 2 ** 48 - 1 });
  },

  async 'persist: only what expires'({ db, pass }) {
    const { revision } = await db.put('k', 'v', { ttlMs: 1000 });
    expect(await db.persist('k')).toBe(true);
    expect(await db.getEntry('k')).toMatchObject({ version: 1, expiresAt: undefined });
    expect(await db.persist('k')).toBe(false);
    expect(await db.persist('absent')).toBe(false);
    pass(2000);
    expect(await db.get('k')).toEqual(Buffer.from('v'));
    expect((await db.put('l', 'v')).revision).toBe(revision + 2);
  },

  async 'getAndDelete: once'({ db, pass }) {
    await db.put('k', 'v', { ttlMs: 1000 });
    const got = await Promise.all([1, 2, 3].map(() => db.getAndDelete('k')));
    expect(got).toEqual([Buffer.from('v'), undefined, undefined]);
    expect(await db.exists('k')).toBe(false);
    expect((await db.put('k', '', { ttlMs: 1000 })).version).toBe(1);
    expect(await db.getAndDelete('k')).toEqual(Buffer.alloc(0));
    await db.put('k', 'v', { ttlMs: 1000 });
    pass(1000);
    expect(await db.getAndDelete('k')).toBeUndefined();
    await expect(db.getAndDelete('')).rejects.toMatchObject({ code: 'KEY_EMPTY' });
  },

  async 'getAndDelete: large values, several at once'({ db }) {
    const values = [1, 2, 3].map((fill) => Buffer.alloc(300_000, fill));
    await Promise.all(values.map((value, index) => db.put(`k${index}`, value)));
    const got = await Promise.all(values.map((_, index) => db.getAndDelete(`k${index}`)));
    expect(got.map((value, index) => value?.equals(values[index] as Buffer))).toEqual([
      true,
      true,
      true,
    ]);
    expect(await db.count()).toBe(0);
  },
};
