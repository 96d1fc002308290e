/** Puts, gets, deletes, and what an entry says of itself. */

import { expect } from 'vitest';
import type { Cases } from '../subject.ts';

export const entryCases: Cases = {
  async 'an absent key is absent in every way'({ db }) {
    expect(await db.get('k')).toBeUndefined();
    expect(await db.getEntry('k')).toBeUndefined();
    expect(await db.exists('k')).toBe(false);
    expect(await db.getMany(['k'])).toEqual([undefined]);
    expect(await db.delete('k')).toBe(false);
    expect(await db.count()).toBe(0);
    expect(await db.rangePage()).toEqual({ entries: [], more: false });
  },

  async 'a put says what it did, and the entry says the same'({ db }) {
    const put = await db.put('k', 'value');
    expect(put).toMatchObject({ version: 1, expiresAt: undefined });
    expect(put.createdAt).toBe(put.updatedAt);
    const entry = await db.getEntry('k');
    expect(entry).toMatchObject({ ...put, key: Buffer.from('k'), value: Buffer.from('value') });
    expect(await db.exists('k')).toBe(true);
    expect(await db.get('k')).toEqual(Buffer.from('value'));
  },

  async 'version counts, createdAt stays, updatedAt and revision move'({ db, pass }) {
    const first = await db.put('k', 'one');
    pass(1000);
    const second = await db.put('k', 'two');
    expect(second.version).toBe(2);
    expect(second.createdAt).toBe(first.createdAt);
    expect(second.updatedAt).toBe(first.updatedAt + 1000);
    expect(second.revision).toBe(first.revision + 1);
    expect(await db.getEntry('k')).toMatchObject({ ...second, value: Buffer.from('two') });
  },

  async 'after a delete an entry starts anew, but for its revision'({ db, pass }) {
    await db.put('k', 'one');
    const before = await db.put('k', 'two');
    pass(10);
    expect(await db.delete('k')).toBe(true);
    pass(10);
    const anew = await db.put('k', 'three');
    expect(anew.version).toBe(1);
    expect(anew.createdAt).toBe(before.createdAt + 20);
    expect(anew.revision).toBe(before.revision + 2);
  },

  async 'the deletion of nothing uses no revision'({ db }) {
    const first = await db.put('a', '1');
    expect(await db.delete('nothing')).toBe(false);
    expect((await db.put('b', '2')).revision).toBe(first.revision + 1);
  },

  async 'writes of one turn apply in the order of the calls'({ db }) {
    const [a, b, deleted, c, seen] = await Promise.all([
      db.put('k', 'a'),
      db.put('k', 'b'),
      db.delete('k'),
      db.put('k', 'c'),
      db.get('k'),
    ]);
    expect([a.version, b.version, deleted, c.version]).toEqual([1, 2, true, 1]);
    expect(c.revision).toBe(a.revision + 3);
    expect(seen?.toString()).toBe('c');
  },

  async 'reads see the writes that were called before them, also unacknowledged ones'({ db }) {
    await db.put('old', 'x');
    const seen = await Promise.all([
      db.put('k', 'v'),
      db.delete('old'),
      db.get('k'),
      db.exists('k'),
      db.exists('old'),
      db.getMany(['k', 'old']),
      db.count(),
      db.rangePage(),
    ]);
    expect(seen.slice(2, 7)).toEqual([
      Buffer.from('v'),
      true,
      false,
      [Buffer.from('v'), undefined],
      1,
    ]);
    expect(seen[7].entries.map(({ key }) => key.toString())).toEqual(['k']);
  },

  async 'getMany answers in the order of the keys, also for keys that come twice'({ db }) {
    await db.put('a', '1');
    await db.put('b', '2');
    const values = await db.getMany(['b', 'none', 'a', 'b']);
    expect(values.map((value) => value?.toString())).toEqual(['2', undefined, '1', '2']);
    expect(await db.getMany([])).toEqual([]);
  },

  async 'getMany gives more than fits into one page'({ db }) {
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
    for (const key of keys) await db.put(key, Buffer.alloc(50_000, key));
    const values = await db.getMany(keys);
    expect(values).toEqual(keys.map((key) => Buffer.alloc(50_000, key)));
  },

  async '28. an empty value is a value'({ db }) {
    await db.put('k', '');
    expect(await db.get('k')).toEqual(Buffer.alloc(0));
    expect(await db.exists('k')).toBe(true);
    expect(await db.count()).toBe(1);
    expect((await db.rangePage()).entries[0]?.value).toEqual(Buffer.alloc(0));
    expect((await db.put('k', '')).version).toBe(2);
  },

  async 'the longest key, and keys of any bytes'({ db }) {
    const longest = Buffer.alloc(65_535, 0x7a);
    const neighbour = Buffer.concat([longest.subarray(0, 65_534), Buffer.from([0x79])]);
    const keys = [longest, neighbour, Buffer.from([0]), Buffer.from([0xff, 0, 0xff])];
    await Promise.all(keys.map((key, index) => db.put(key, `value ${index}`)));
    for (const [index, key] of keys.entries()) {
      expect((await db.getEntry(key))?.value.toString()).toBe(`value ${index}`);
    }
    expect((await db.rangePage()).entries.map(({ key }) => key)).toEqual(
      keys.toSorted(Buffer.compare),
    );
  },

  async 'big values'({ db }) {
    const value = Buffer.alloc(4 << 20);
    for (let at = 0; at < value.length; at += 4)
      value.writeUInt32LE(Math.imul(at, 2654435761) >>> 0, at);
    const [put] = await Promise.all([db.put('big', value), db.put('small', 'neighbour')]);
    expect(put.version).toBe(1);
    expect((await db.get('big'))?.equals(value)).toBe(true);
    expect(await db.get('small')).toEqual(Buffer.from('neighbour'));
    const page = await db.rangePage({ limit: 2 });
    expect(page.entries.map(({ value: found }) => found?.length)).toEqual([4 << 20]);
    expect(page.more).toBe(true);
  },

  async 'strings are their UTF-8 bytes'({ db }) {
    await db.put('schlüssel', 'wörth');
    expect(await db.get(Buffer.from('schlüssel'))).toEqual(Buffer.from('wörth'));
  },
};
