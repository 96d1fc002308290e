/** Ranges: bounds, cursors, both directions, pages. */

import { describe, expect, it } from 'vitest';
import type { RangeOptions } from '../../../src/storage/index.ts';
import { keysOf, LIMITS, putAll, type Subject } from '../subject.ts';

const bytes = (...values: number[]) => Buffer.from(values);

/** Keys around the ends of the byte order. */
const EDGES = [
  bytes(0),
  bytes(0, 0),
  bytes(0, 0xff),
  bytes(1),
  bytes(0x61),
  bytes(0x61, 0),
  bytes(0x61, 0xff),
  bytes(0x61, 0xff, 0),
  bytes(0x61, 0xff, 0xff),
  bytes(0x62),
  bytes(0xff),
  bytes(0xff, 0),
  bytes(0xff, 0xff),
];

/** What a range is by definition, over keys in order. */
function expected(keys: readonly Buffer[], options: RangeOptions): Buffer[] {
  const given = (bound: RangeOptions['start']) =>
    bound === undefined ? undefined : Buffer.from(bound as Uint8Array);
  const { reverse = false } = options;
  const [start, end, prefix, after] = [
    given(options.start),
    given(options.end),
    given(options.prefix),
    given(options.after),
  ];
  const chosen = keys.filter((key) => {
    if (start !== undefined && Buffer.compare(key, start) < 0) return false;
    if (end !== undefined && Buffer.compare(key, end) >= 0) return false;
    if (prefix !== undefined && !key.subarray(0, prefix.length).equals(prefix)) return false;
    if (after === undefined) return true;
    const order = Buffer.compare(key, after);
    return reverse ? order < 0 : order > 0;
  });
  return reverse ? chosen.toReversed() : chosen;
}

function allBounds(): RangeOptions[] {
  const some = [undefined, bytes(0), bytes(0x61), bytes(0x61, 0xff), bytes(0xff), bytes(0xff, 0xff)];
  const options: RangeOptions[] = [];
  for (const start of some) {
    for (const end of some) {
      for (const prefix of some.slice(1, 5).concat(undefined)) {
        for (const after of [undefined, bytes(0x61, 0), bytes(0x61, 1), bytes(0xff)]) {
          options.push({ start, end, prefix, after });
        }
      }
    }
  }
  return options;
}

export function rangeCases(subject: () => Subject): void {
  describe('ranges', () => {
    it('keys come in unsigned bytewise order, whatever the order of the puts', async () => {
      const { db } = subject();
      await putAll(db, EDGES.toSorted((a, b) => Buffer.compare(b, a)));
      expect((await db.rangePage()).entries.map(({ key }) => key)).toEqual(EDGES);
    });

    it('start, end, prefix and after in every combination, both ways', async () => {
      const { db } = subject();
      await putAll(db, EDGES);
      for (const bounds of allBounds()) {
        for (const reverse of [false, true]) {
          const options = { ...bounds, reverse };
          const page = await db.rangePage({ ...options, keysOnly: true });
          const keys = page.entries.map(({ key }) => key);
          expect(keys, JSON.stringify(options)).toEqual(expected(EDGES, options));
          expect(page.more).toBe(false);
        }
      }
    });

    it('pages of any size, followed by their cursor, are the whole', async () => {
      const { db } = subject();
      await putAll(db, EDGES);
      for (const reverse of [false, true]) {
        const whole = expected(EDGES, { reverse });
        for (let limit = 1; limit <= EDGES.length + 1; limit += 1) {
          const found: Buffer[] = [];
          let after: Buffer | undefined;
          for (let more = true; more; ) {
            const page = await db.rangePage({ limit, reverse, after });
            found.push(...page.entries.map(({ key }) => key));
            more = page.more;
            after = page.entries.at(-1)?.key;
          }
          expect(found).toEqual(whole);
        }
      }
    });

    it('`more` is true only if something follows within the bounds', async () => {
      const { db } = subject();
      await putAll(db, ['a', 'b', 'c', 'd']);
      expect((await db.rangePage({ end: 'c', limit: 2 })).more).toBe(false);
      expect((await db.rangePage({ end: 'd', limit: 2 })).more).toBe(true);
      expect((await db.rangePage({ start: 'c', limit: 2, reverse: true })).more).toBe(false);
      expect((await db.rangePage({ start: 'b', limit: 2, reverse: true })).more).toBe(true);
    });

    it('empty pages', async () => {
      const { db } = subject();
      await putAll(db, ['b', 'd']);
      const nothing = { entries: [], more: false };
      expect(await db.rangePage({ start: 'x' })).toEqual(nothing);
      expect(await db.rangePage({ end: 'a' })).toEqual(nothing);
      expect(await db.rangePage({ start: 'd', end: 'b' })).toEqual(nothing);
      expect(await db.rangePage({ start: 'c', end: 'c' })).toEqual(nothing);
      expect(await db.rangePage({ after: 'd' })).toEqual(nothing);
      expect(await db.rangePage({ after: 'b', reverse: true })).toEqual(nothing);
      expect(await db.rangePage({ prefix: 'c', start: 'd' })).toEqual(nothing);
    });

    it('entries are whole; keys-only ones have no value', async () => {
      const { db } = subject();
      await db.put('k', 'old');
      await db.put('k', 'value', { ttlMs: 60_000 });
      const entry = await db.getEntry('k');
      const page = await db.rangePage();
      expect(page.entries[0]).toMatchObject({ ...entry });
      const keysOnly = (await db.rangePage({ keysOnly: true })).entries[0];
      expect(keysOnly).not.toHaveProperty('value');
      expect(keysOnly).toMatchObject({
        key: Buffer.from('k'),
        revision: entry?.revision,
        version: 2,
        createdAt: entry?.createdAt,
        expiresAt: entry?.expiresAt,
      });
    });

    it('a walk goes over pages, and its limit bounds all of it', async () => {
      const { db } = subject();
      const keys = Array.from({ length: 50 }, (_, index) => `k${String(index).padStart(2, '0')}`);
      await putAll(db, keys);
      expect(await keysOf(db, { pageSize: 7 })).toEqual(keys);
      expect(await keysOf(db, { pageSize: 7, limit: 20 })).toEqual(keys.slice(0, 20));
      expect(await keysOf(db, { pageSize: 7, limit: 21, reverse: true })).toEqual(
        keys.toReversed().slice(0, 21),
      );
      expect(await keysOf(db, { pageSize: 7, start: 'k10', end: 'k30' })).toEqual(
        keys.slice(10, 30),
      );
    });

    it('a page is bounded in bytes, and has one entry at least', async () => {
      const { db } = subject();
      for (const key of ['a', 'b', 'c', 'd', 'e']) await db.put(key, Buffer.alloc(100_000, key));
      const page = await db.rangePage();
      expect(page.entries.map(({ key }) => key.toString())).toEqual(['a', 'b']);
      expect(page.more).toBe(true);
      expect(await keysOf(db)).toEqual(['a', 'b', 'c', 'd', 'e']);
      await db.put('aa', Buffer.alloc(LIMITS.maxRangeBytes + 1));
      const large = await db.rangePage({ after: 'a' });
      expect(large.entries.map(({ value }) => value?.length)).toEqual([LIMITS.maxRangeBytes + 1]);
      expect(await keysOf(db, { keysOnly: true })).toEqual(['a', 'aa', 'b', 'c', 'd', 'e']);
    });

    it('a limit above the maximum is an error that names it', async () => {
      const { db } = subject();
      const above = db.rangePage({ limit: LIMITS.maxRangeItems + 1 });
      await expect(above).rejects.toMatchObject({
        code: 'LIMIT_EXCEEDED',
        message: expect.stringContaining(String(LIMITS.maxRangeItems)),
      });
      await expect(db.rangePage({ limit: 0 })).rejects.toThrow();
    });

    it('34. iteration among writes neither repeats nor skips what is there throughout', async () => {
      const { db } = subject();
      const stays = Array.from({ length: 120 }, (_, index) => `s${String(index * 2).padStart(4, '0')}`);
      await db.batch(stays.map((key) => ({ type: 'put', key, value: key })));
      for (const reverse of [false, true]) {
        const seen: string[] = [];
        let turn = 0;
        for await (const { key } of db.range({ pageSize: 9, reverse })) {
          seen.push(key.toString());
          turn += 1;
          if (turn % 5 !== 0) continue;
          const odd = `s${String(((turn * 37) % 240) | 1).padStart(4, '0')}`;
          await db.put(odd, 'comes');
          await db.delete(`s${String(((turn * 53) % 240) | 1).padStart(4, '0')}`);
          await db.put(stays[(turn * 7) % stays.length] as string, 'changes');
        }
        expect(new Set(seen).size).toBe(seen.length);
        expect(seen.filter((key) => Number(key.slice(1)) % 2 === 0)).toEqual(
          reverse ? stays.toReversed() : stays,
        );
      }
    });
  });
}
