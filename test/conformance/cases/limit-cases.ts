/** Sizes that are too large, and the codes that say so. */

import { expect } from 'vitest';
import { type Cases, LIMITS } from '../subject.ts';

export const limitCases: Cases = {
  async 'an empty key'({ db }) {
    for (const work of [
      () => db.get(''),
      () => db.getEntry(''),
      () => db.getMany(['a', '']),
      () => db.put('', 'v'),
      () => db.delete(''),
      () => db.exists(''),
    ]) {
      await expect(work(), work.toString()).rejects.toMatchObject({ code: 'KEY_EMPTY' });
    }
  },

  async 'a key that is too long'({ db }) {
    const key = Buffer.alloc(65_536, 0x61);
    for (const work of [
      () => db.get(key),
      () => db.getMany([key]),
      () => db.put(key, 'v'),
      () => db.delete(key),
      () => db.exists(key),
    ]) {
      await expect(work(), work.toString()).rejects.toMatchObject({ code: 'KEY_TOO_LONG' });
    }
    expect(await db.count()).toBe(0);
  },

  async 'a value at its limit, and one above'({ db }) {
    await db.put('k', Buffer.alloc(LIMITS.maxValueBytes, 7));
    await expect(db.put('k', Buffer.alloc(LIMITS.maxValueBytes + 1))).rejects.toMatchObject({
      code: 'VALUE_TOO_LARGE',
    });
    expect((await db.get('k'))?.length).toBe(LIMITS.maxValueBytes);
  },
};
