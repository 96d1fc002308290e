/** Ranges: bounds, cursors, both directions, pages. */

import { expect } from 'vitest';
import type { RangeOptions } from '../../../src/storage/index.ts';
import { type Cases, keysOf, LIMITS, type Operations, putAll } from '../subject.ts';

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
  const some = [
    undefined,
    bytes(0),
    bytes(0x61),
    bytes(0x61, 0xff),
    bytes(0xff),
    bytes(0xff, 0xff),
  ];
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

export const rangeCases: Cases = {
  async 'keys come in unsigned bytewise order, whatever the order of the puts'({ db }) {
    await putAll(
      db,
      EDGES.toSorted((a, b) => Buffer.compare(b, a)),
    );
    expect((await db.rangePage()).entries.map(({ key }) => key)).toEqual(EDGES);
  },

  async 'start, end, prefix and after in every combination, both ways'({ db }) {
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
  },

  async 'pages of any size, followed by their cursor, are the whole'({ db }) {
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
  },

  async '`more` is true only if something follows within the bounds'({ db }) {
    await putAll(db, ['a', 'b', 'c', 'd']);
    expect((await db.rangePage({ end: 'c', limit: 2 })).more).toBe(false);
    expect((await db.rangePage({ end: 'd', limit: 2 })).more).toBe(true);
    expect((await db.rangePage({ start: 'c', limit: 2, reverse: true })).more).toBe(false);
    expect((await db.rangePage({ start: 'b', limit: 2, reverse: true })).more).toBe(true);
  },

  async 'empty pages'({ db }) {
    await putAll(db, ['b', 'd']);
    const nothing = { entries: [], more: false };
    expect(await db.rangePage({ start: 'x' })).toEqual(nothing);
    expect(await db.rangePage({ end: 'a' })).toEqual(nothing);
    expect(await db.rangePage({ start: 'd', end: 'b' })).toEqual(nothing);
    expect(await db.rangePage({ start: 'c', end: 'c' })).toEqual(nothing);
    expect(await db.rangePage({ after: 'd' })).toEqual(nothing);
    expect(await db.rangePage({ after: 'b', reverse: true })).toEqual(nothing);
    expect(await db.rangePage({ prefix: 'c', start: 'd' })).toEqual(nothing);
  },

  async 'entries are whole; keys-only ones have no value'({ db }) {
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
      valueBytes: 5,
    });
  },

  async 'keys-only entries tell the length of the value'({ db }) {
    const sizes = [0, 1, 127, 128, 65_536, 300_000];
    for (const bytes of sizes) {
      const ttlMs = bytes === 1 ? 60_000 : undefined;
      await db.put(`k${String(bytes).padStart(9, '0')}`, Buffer.alloc(bytes), { ttlMs });
    }
    const { entries } = await db.rangePage({ keysOnly: true });
    expect(entries.map(({ valueBytes }) => valueBytes)).toEqual(sizes);
  },

  async 'a walk goes over pages, and its limit bounds all of it'({ db }) {
    const keys = Array.from({ length: 50 }, (_, index) => `k${String(index).padStart(2, '0')}`);
    await putAll(db, keys);
    expect(await keysOf(db, { pageSize: 7 })).toEqual(keys);
    expect(await keysOf(db, { pageSize: 7, limit: 20 })).toEqual(keys.slice(0, 20));
    expect(await keysOf(db, { pageSize: 7, limit: 21, reverse: true })).toEqual(
      keys.toReversed().slice(0, 21),
    );
    expect(await keysOf(db, { pageSize: 7, start: 'k10', end: 'k30' })).toEqual(keys.slice(10, 30));
  },

  async 'a page is bounded in bytes, and has one entry at least'({ db }) {
    for (const key of ['a', 'b', 'c', 'd', 'e']) await db.put(key, Buffer.alloc(100_000, key));
    const page = await db.rangePage();
    expect(page.entries.map(({ key }) => key.toString())).toEqual(['a', 'b']);
    expect(page.more).toBe(true);
    expect(await keysOf(db)).toEqual(['a', 'b', 'c', 'd', 'e']);
    await db.put('aa', Buffer.alloc(LIMITS.maxRangeBytes + 1));
    const large = await db.rangePage({ after: 'a' });
    expect(large.entries.map(({ value }) => value?.length)).toEqual([LIMITS.maxRangeBytes + 1]);
    expect(await keysOf(db, { keysOnly: true })).toEqual(['a', 'aa', 'b', 'c', 'd', 'e']);
  },

  async 'a limit above the maximum is an error that names it'({ db }) {
    const above = db.rangePage({ limit: LIMITS.maxRangeItems + 1 });
    await expect(above).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining(String(LIMITS.maxRangeItems)),
    });
    await expect(db.rangePage({ limit: 0 })).rejects.toThrow();
  },

  async '34. iteration among writes neither repeats nor skips what is there throughout'({ db }) {
    const stays = Array.from({ length: 120 }, (_, index) => nameOf(index * 2));
    await db.batch(stays.map((key) => ({ type: 'put', key, value: key })));
    for (const reverse of [false, true]) {
      const seen: string[] = [];
      for await (const { key } of db.range({ pageSize: 9, reverse })) {
        seen.push(key.toString());
        if (seen.length % 5 === 0) await disturb(db, seen.length);
      }
      expect(new Set(seen).size).toBe(seen.length);
      const even = seen.filter((key) => Number(key.slice(1)) % 2 === 0);
      expect(even).toEqual(reverse ? stays.toReversed() : stays);
    }
  },
};

const nameOf = (index: number) => `s${String(index).padStart(4, '0')}`;

/** Odd keys come and go, an even one changes. */
async function disturb(db: Operations, turn: number): Promise<void> {
  await db.put(nameOf(((turn * 37) % 240) | 1), 'comes');
  await db.delete(nameOf(((turn * 53) % 240) | 1));
  await db.put(nameOf(((turn * 7) % 120) * 2), 'changes');
}
