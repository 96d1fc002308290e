import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KeydirModel, keyFrom, type ModelEntry, name, randomizer } from './keydir-model.ts';

const seeds = fc.integer({ min: 1, max: 2 ** 31 - 1 });

/** Random operations on keys from `pool`; `puts` of 10 are puts. */
function churn(
  model: KeydirModel,
  pool: readonly Buffer[],
  random: (limit: number) => number,
  operations: number,
  puts: number,
): void {
  for (let i = 0; i < operations; i++) {
    const key = pool[random(pool.length)] as Buffer;
    const kind = random(10);
    if (kind < puts) model.put(key, random(4) === 0 ? 1 + random(1000) : 0);
    else if (random(8) === 0) model.relocate(key, random(2) === 0);
    else model.remove(key);
  }
}

function poolOf(random: (limit: number) => number, size: number): Buffer[] {
  const keys = Array.from({ length: size }, () => keyFrom(random));
  keys.push(Buffer.alloc(65_535, 0x61), Buffer.alloc(65_534, 0x61), Buffer.alloc(65_535, 0xff));
  return keys;
}

describe('keydir against a model', () => {
  test('operations of any kind', () => {
    const property = fc.property(seeds, fc.integer({ min: 1, max: 3000 }), (seed, size) => {
      const random = randomizer(seed);
      const model = new KeydirModel();
      const pool = poolOf(random, size);
      for (const puts of [9, 5, 2, 8, 0]) {
        churn(model, pool, random, size * 2, puts);
        model.expectAll();
        const sorted = model.sortedKeys();
        for (let i = 0; i < 40; i++) {
          model.expectSeeks(keyFrom(random), sorted);
          model.expectSeeks(pool[random(pool.length)] as Buffer, sorted);
        }
      }
      for (const key of pool) model.remove(key);
      model.expectAll();
    });
    fc.assert(property, { numRuns: 8 });
  });

  test('expiry in order of time', () => {
    const property = fc.property(seeds, fc.integer({ min: 1, max: 600 }), (seed, size) => {
      const random = randomizer(seed);
      const model = new KeydirModel();
      churn(model, poolOf(random, size), random, size * 4, 7);
      for (let now = 0; now <= 1000; now += 1 + random(100)) expire(model, random, now);
      model.expectAll();
    });
    fc.assert(property, { numRuns: 15 });
  });

  test('loads runs in any order and builds the index among writes', () => {
    const property = fc.property(seeds, fc.integer({ min: 0, max: 6000 }), (seed, size) => {
      const random = randomizer(seed);
      const model = new KeydirModel();
      const pool = poolOf(random, 1 + (size >>> 1));
      loadRuns(model, pool, random, size);
      expect(model.keydir.indexReady).toBe(false);
      model.expectAll();
      churn(model, pool, random, random(20), 5);
      // writes stop after a while: with small budgets they would outrun the build for ever
      for (let step = 0; !model.keydir.indexBuildStep(1 + random(size + 1)); step++) {
        if (step < 50) churn(model, pool, random, random(60), 3 + random(5));
        expect(model.keydir.compactStep(100)).toBe(false);
      }
      model.expectAll();
      churn(model, pool, random, 500, 5);
      model.expectAll();
    });
    fc.assert(property, { numRuns: 25 });
  });
});

/** Pops all that is due at `now`; the engine removes it, or writes it anew before it can. */
function expire(model: KeydirModel, random: (limit: number) => number, now: number): void {
  const { keydir } = model;
  const times = () =>
    [...model.entries.values()].map((e) => e.expiresAt).filter((expiresAt) => expiresAt !== 0);
  for (let ref = keydir.popDue(now); ref !== 0; ref = keydir.popDue(now)) {
    const key = model.keyOf(ref) as Buffer;
    const expiresAt = model.entries.get(name(key))?.expiresAt;
    expect(expiresAt).toBe(Math.min(...times()));
    expect(keydir.expiresAt(ref)).toBe(expiresAt);
    if (random(5) === 0) model.put(key, 1001);
    else model.remove(key);
  }
  const left = times();
  expect(left.every((expiresAt) => expiresAt > now)).toBe(true);
  expect(keydir.nextExpiry).toBe(left.length === 0 ? 0 : Math.min(...left));
}

interface LoadItem {
  readonly key: Buffer;
  readonly isTombstone: boolean;
  readonly sequence: number;
  readonly expiresAt: number;
}

/** A history of puts and deletes, cut into runs that come in any order, sorted or not. */
function loadRuns(
  model: KeydirModel,
  pool: readonly Buffer[],
  random: (limit: number) => number,
  size: number,
): void {
  const runs: LoadItem[][] = [[]];
  for (let i = 0; i < size; i++) {
    if (random(1 + (size >>> 3)) === 0) runs.push([]);
    runs.at(-1)?.push({
      key: pool[random(pool.length)] as Buffer,
      isTombstone: random(3) === 0,
      sequence: model.nextSequence(),
      expiresAt: random(4) === 0 ? 1 + random(1000) : 0,
    });
  }
  runs.sort(() => random(3) - 1);
  const { keydir } = model;
  keydir.loadBegin();
  const highest = new Map<string, LoadItem>();
  for (const run of runs) {
    const isAscending = random(3) !== 0;
    if (isAscending) run.sort((a, b) => Buffer.compare(a.key, b.key));
    keydir.loadRunBegin(isAscending);
    const isLater = (item: LoadItem): boolean =>
      isAscending && !item.isTombstone && item.expiresAt === 0 && item.sequence % 3 !== 0;
    const later = new LaterItems(model, highest);
    for (const item of run) {
      if (isLater(item)) later.load(item);
      else loadItem(model, highest, item);
    }
    later.settle(1 + random(20));
    keydir.loadRunEnd();
  }
  keydir.loadEnd();
}

/** Puts that are loaded many at a time: what is told of them must add up to the bytes that live. */
class LaterItems {
  readonly #model: KeydirModel;
  readonly #highest: Map<string, LoadItem>;
  readonly #items: { readonly item: LoadItem; readonly entry: ModelEntry }[] = [];
  #liveBytes = 0;

  constructor(model: KeydirModel, highest: Map<string, LoadItem>) {
    this.#model = model;
    this.#highest = highest;
  }

  load(item: LoadItem): void {
    const { key, sequence } = item;
    const e = this.#model.entry(key, sequence, 0);
    const { slot, offset, recordBytes, version, createdAt } = e;
    const { keydir } = this.#model;
    expect(keydir.hasLoadRoomFor(1)).toBe(true);
    const isTaken = keydir.loadLater(
      new DataView(key.buffer, key.byteOffset, key.length),
      0,
      key.length,
      slot,
      offset,
      recordBytes,
      sequence,
      version,
      createdAt,
    );
    expect(isTaken).toBe(true);
    this.#liveBytes += recordBytes;
    this.#items.push({ item, entry: e });
  }

  settle(budget: number): void {
    const { keydir, entries } = this.#model;
    const settled = (isNewest: boolean, recordBytes: number): void => {
      this.#liveBytes -= isNewest ? Math.max(0, keydir.previousRecordBytes) : recordBytes;
    };
    while (!keydir.loadSettleStep(budget, settled));
    let expectedBytes = 0;
    for (const { item, entry } of this.#items) {
      const id = name(item.key);
      if ((this.#highest.get(id)?.sequence ?? 0) >= item.sequence) continue;
      expectedBytes += entry.recordBytes - (entries.get(id)?.recordBytes ?? 0);
      this.#highest.set(id, item);
      entries.set(id, entry);
    }
    expect(this.#liveBytes).toBe(expectedBytes);
  }
}

function loadItem(model: KeydirModel, highest: Map<string, LoadItem>, item: LoadItem): void {
  const { key, isTombstone, sequence, expiresAt } = item;
  const e = model.entry(key, sequence, isTombstone ? 0 : expiresAt);
  const taken = model.keydir.loadEntry(
    key,
    0,
    key.length,
    isTombstone,
    e.slot,
    e.offset,
    e.recordBytes,
    sequence,
    e.version,
    e.createdAt,
    expiresAt,
  );
  const before = highest.get(name(key));
  expect(taken).toBe(before === undefined || before.sequence < sequence);
  model.expectPrevious(taken ? model.entries.get(name(key)) : undefined);
  if (!taken) return;
  highest.set(name(key), item);
  if (isTombstone) model.entries.delete(name(key));
  else model.entries.set(name(key), e);
}
