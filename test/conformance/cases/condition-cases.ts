/** Conditions: against what is committed, and against what is merely sequenced. */

import { expect } from 'vitest';
import type { Cases } from '../subject.ts';

export const conditionCases: Cases = {
  async ifAbsent({ db }) {
    const first = await db.put('k', 'one', { ifAbsent: true });
    expect(first.version).toBe(1);
    await expect(db.put('k', 'two', { ifAbsent: true })).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { revision: first.revision },
    });
    await db.delete('k');
    expect((await db.put('k', 'three', { ifAbsent: true })).version).toBe(1);
  },

  async ifPresent({ db }) {
    await expect(db.put('k', 'one', { ifPresent: true })).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { revision: null },
    });
    expect(await db.exists('k')).toBe(false);
    await db.put('k', 'one');
    expect((await db.put('k', 'two', { ifPresent: true })).version).toBe(2);
  },

  async ifRevision({ db }) {
    const one = await db.put('k', 'one', { ifRevision: 0 });
    const two = await db.put('k', 'two', { ifRevision: one.revision });
    await expect(db.put('k', 'x', { ifRevision: one.revision })).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { revision: two.revision },
    });
    await expect(db.put('k', 'x', { ifRevision: 0 })).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(db.put('none', 'x', { ifRevision: two.revision })).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { revision: null },
    });
    expect((await db.get('k'))?.toString()).toBe('two');
  },

  async 'a revision from before a delete never fits again'({ db }) {
    const { revision } = await db.put('k', 'one');
    await db.delete('k');
    await db.put('k', 'one');
    await expect(db.put('k', 'x', { ifRevision: revision })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
  },

  async 'of a delete'({ db }) {
    await expect(db.delete('k', { ifPresent: true })).rejects.toMatchObject({ code: 'CONFLICT' });
    const { revision } = await db.put('k', 'one');
    await expect(db.delete('k', { ifRevision: revision + 1 })).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { revision },
    });
    expect(await db.delete('k', { ifRevision: revision })).toBe(true);
    expect(await db.delete('k', { ifRevision: 0 })).toBe(false);
  },

  async 'a second ifAbsent fails while the first still waits for the disk'({ db }) {
    const [first, second] = await Promise.allSettled([
      db.put('k', 'first', { ifAbsent: true }),
      db.put('k', 'second', { ifAbsent: true }),
    ]);
    expect(first.status).toBe('fulfilled');
    expect(second).toMatchObject({ status: 'rejected', reason: { code: 'CONFLICT' } });
    expect((await db.get('k'))?.toString()).toBe('first');
  },

  async 'conditions of one turn see each other, deletes included'({ db }) {
    const { revision } = await db.put('k', 'one');
    const outcomes = await Promise.allSettled([
      db.put('k', 'two', { ifRevision: revision }),
      db.put('k', 'never', { ifRevision: revision }),
      db.put('k', 'three', { ifRevision: revision + 1 }),
      db.delete('k', { ifRevision: revision + 2 }),
      db.put('k', 'never', { ifPresent: true }),
      db.delete('k'),
      db.put('k', 'four', { ifAbsent: true }),
    ]);
    const short = outcomes.map((outcome) =>
      outcome.status === 'fulfilled' ? 'done' : outcome.reason.code,
    );
    expect(short).toEqual(['done', 'CONFLICT', 'done', 'done', 'CONFLICT', 'done', 'done']);
    expect(outcomes[5]).toMatchObject({ value: false });
    expect(await db.getEntry('k')).toMatchObject({ version: 1, value: Buffer.from('four') });
  },

  async 'at most one condition is allowed'({ db }) {
    const both = db.put('k', 'v', { ifAbsent: true, ifRevision: 3 });
    await expect(both).rejects.toHaveProperty('code', 'INVALID_OPTION');
    expect(await db.exists('k')).toBe(false);
  },
};
