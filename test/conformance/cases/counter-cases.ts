/** Counting: what is a counter, its range, what happens at once. */

import { expect } from 'vitest';
import { type Cases, keysOf } from '../subject.ts';

const MAX = 2n ** 63n - 1n;
const MIN = -(2n ** 63n);

export const counterCases: Cases = {
  async 'an absent key counts from 0, and the sum is stored as text'({ db }) {
    expect(await db.incr('k')).toMatchObject({ value: 1n, version: 1, expiresAt: undefined });
    expect(await db.incr('k', 41)).toMatchObject({ value: 42n, version: 2 });
    expect(await db.get('k')).toEqual(Buffer.from('42'));
    expect(await db.incr('k', -142)).toMatchObject({ value: -100n });
    expect(await db.get('k')).toEqual(Buffer.from('-100'));
    expect(await db.incr('k', 0)).toMatchObject({ value: -100n, version: 4 });
    expect(await db.incr('k', 100n)).toMatchObject({ value: 0n });
    expect(await db.get('k')).toEqual(Buffer.from('0'));
    expect(await keysOf(db)).toEqual(['k']);
  },

  async 'it tells what a put tells'({ db }) {
    const { createdAt, revision } = await db.put('k', '1');
    const { value, ...meta } = await db.incr('k');
    expect(meta).toMatchObject({ createdAt, revision: revision + 1, version: 2 });
    const { key: _, value: text, ...known } = (await db.getEntry('k')) ?? {};
    expect([String(text), meta]).toEqual([String(value), known]);
  },

  async 'all 64 bits, and not one more'({ db }) {
    await db.put('k', String(MAX - 1n));
    expect((await db.incr('k')).value).toBe(MAX);
    await expect(db.incr('k')).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    await expect(db.incr('k', MAX)).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    expect(await db.get('k')).toEqual(Buffer.from(String(MAX)));
    expect((await db.incr('k', MIN)).value).toBe(-1n);
    expect((await db.incr('k', -MAX)).value).toBe(MIN);
    await expect(db.incr('k', -1)).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    expect(await db.getEntry('k')).toMatchObject({ value: Buffer.from(String(MIN)), version: 4 });
    expect((await db.incr('fresh', MIN)).value).toBe(MIN);
    expect((await db.incr('fresh', MAX)).value).toBe(-1n);
  },

  async 'around the integers that a number holds'({ db }) {
    const edge = 2n ** 53n;
    await db.put('k', String(edge - 2n));
    for (const expected of [edge - 1n, edge, edge + 1n, edge + 2n]) {
      expect((await db.incr('k')).value).toBe(expected);
    }
    expect((await db.incr('k', -(edge + 2n) - edge)).value).toBe(-edge);
    expect((await db.incr('k', -1)).value).toBe(-edge - 1n);
    expect((await db.incr('k', Number.MAX_SAFE_INTEGER)).value).toBe(-2n);
  },

  async 'what is not an integer is left as it was'({ db }) {
    const values = ['', ' 1', '1 ', '+1', '01', '-', '-0', '1.0', '1e3', '0x1', 'one', '1\n', '٣'];
    for (const value of [...values, String(MAX + 1n), String(MIN - 1n), '9'.repeat(40)]) {
      const { revision } = await db.put('k', value);
      const counting = db.incr('k');
      await expect(counting, JSON.stringify(value)).rejects.toMatchObject({
        code: 'NOT_AN_INTEGER',
      });
      expect(await db.getEntry('k')).toMatchObject({ revision, value: Buffer.from(value) });
    }
  },

  async 'what is added must be an integer of 64 bits'({ db }) {
    for (const by of [1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, MAX + 1n, MIN - 1n]) {
      await expect(db.incr('k', by), String(by)).rejects.toMatchObject({ code: 'INVALID_OPTION' });
    }
    expect(await db.exists('k')).toBe(false);
  },

  async 'an expiry stays, and an expired counter starts anew'({ db, pass }) {
    const { expiresAt } = await db.put('k', '5', { ttlMs: 1000 });
    expect(await db.incr('k')).toMatchObject({ value: 6n, expiresAt });
    pass(1000);
    expect(await db.incr('k')).toMatchObject({ value: 1n, version: 1, expiresAt: undefined });
  },

  async 'of many at once none is lost'({ db }) {
    const sums = await Promise.all(Array.from({ length: 300 }, () => db.incr('k')));
    expect(sums.map(({ value }) => value)).toEqual(
      Array.from({ length: 300 }, (_, index) => BigInt(index + 1)),
    );
    expect(await db.get('k')).toEqual(Buffer.from('300'));
  },

  async 'in order with other writes of the caller'({ db }) {
    const [, first, , second] = await Promise.all([
      db.put('k', '10'),
      db.incr('k'),
      db.delete('k'),
      db.incr('k'),
    ]);
    expect([first.value, second.value]).toEqual([11n, 1n]);
  },

  async 'a key that is none'({ db }) {
    await expect(db.incr('')).rejects.toMatchObject({ code: 'KEY_EMPTY' });
    await expect(db.incr(Buffer.alloc(70_000))).rejects.toMatchObject({ code: 'KEY_TOO_LONG' });
  },
};
