/** While history is kept, merges drop no record that a state from the floor on consists of. */

import { expect, it } from 'vitest';
import { segmentName } from '../../src/storage/format/file-names.ts';
import type { Store } from '../../src/storage/index.ts';
import { dumpSegment, restoreStore } from '../../src/storage/offline/index.ts';
import { inspect, manifestOf } from './world/inspect.ts';
import { scratchDirectories } from './world/scratch.ts';
import { SeededRandom } from './world/seeded-random.ts';
import { World } from './world/world.ts';

const newDirectory = scratchDirectories();

const RETAIN_MS = 60_000;
const STEP_MS = 400;
const KEYS = 12;

interface Kept {
  readonly sequence: number;
  readonly key: string;
  /** Undefined: a tombstone. */
  readonly value: string | undefined;
  readonly expiresAt: number;
}

/** Every record that the store has now. */
async function recordsOf(directory: string): Promise<Kept[]> {
  const records: Kept[] = [];
  for (const { kind, id } of (await manifestOf(directory)).segments) {
    await dumpSegment({
      path: `${directory}/${segmentName(kind, id)}`,
      visitor: {
        header() {},
        record({ sequence, type, key, value, expiresAt }) {
          const text = type === 'put' ? Buffer.from(value).toString() : undefined;
          const name = Buffer.from(key).toString();
          records.push({ sequence, key: name, value: text, expiresAt: expiresAt ?? 0 });
        },
        stretch() {},
      },
    });
  }
  return records.sort((a, b) => a.sequence - b.sequence);
}

/** What had been written up to a revision, as the records say it. */
function stateAt(records: readonly Kept[], revision: number, now: number): Map<string, string> {
  const state = new Map<string, string>();
  for (const { sequence, key, value, expiresAt } of records) {
    if (sequence > revision) break;
    if (value === undefined || (expiresAt !== 0 && expiresAt <= now)) state.delete(key);
    else state.set(key, value);
  }
  return state;
}

/** All that was written, merges or not. */
class Chronicle {
  readonly records: Kept[] = [];
  readonly revisions: number[] = [];
  readonly #random: SeededRandom;
  #count = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  async write(store: Store): Promise<void> {
    const random = this.#random;
    this.#count += 1;
    const key = `key-${random.below(KEYS)}`;
    const value = `${this.#count}`.padEnd(random.below(500) + 8, '.');
    const choice = random.below(10);
    if (choice < 2) {
      const existed = await store.delete(key);
      if (existed) this.#add(store.stats().committedRevision, key, undefined, 0);
    } else if (choice < 4) {
      const items = [key, `key-${random.below(KEYS)}`, `key-${random.below(KEYS)}`];
      const results = await store.batch(
        items.map((name, at) => ({ type: 'put', key: name, value: `${at}-${value}` })),
      );
      for (const [at, { revision = 0 }] of results.entries()) {
        this.records.push(keptOf(revision, items[at] as string, `${at}-${value}`, 0));
      }
      this.revisions.push(results.at(-1)?.revision ?? 0);
    } else {
      const ttlMs = choice === 4 ? 1 + random.below(2 * RETAIN_MS) : undefined;
      const put = await store.put(key, value, ttlMs === undefined ? {} : { ttlMs });
      this.#add(put.revision, key, value, put.expiresAt ?? 0);
    }
  }

  #add(sequence: number, key: string, value: string | undefined, expiresAt: number): void {
    this.records.push(keptOf(sequence, key, value, expiresAt));
    this.revisions.push(sequence);
  }
}

function keptOf(sequence: number, key: string, value: string | undefined, expiresAt: number): Kept {
  return { sequence, key, value, expiresAt };
}

function options(automatic: boolean) {
  return {
    retainHistoryMs: RETAIN_MS,
    segmentBytes: 4096,
    durability: 'os',
    merge: { automatic, checkIntervalMs: 1000, smallSegmentBytes: 2048, smallSegmentCount: 3 },
  } as const;
}

async function expectHistory(
  directory: string,
  chronicle: Chronicle,
  floor: number,
  now: number,
): Promise<number> {
  const records = await recordsOf(directory);
  let compared = 0;
  for (const revision of chronicle.revisions.filter((candidate) => candidate >= floor)) {
    const found = stateAt(records, revision, now);
    expect(found, `at ${revision}`).toEqual(stateAt(chronicle.records, revision, now));
    compared += 1;
  }
  return compared;
}

it.each([1, 2, 3, 4])('every state from the floor on is there, seed %i', async (seed) => {
  const random = new SeededRandom(seed);
  const directory = newDirectory();
  const chronicle = new Chronicle(random);
  const world = new World();
  let store = await world.open(directory, options(seed % 2 === 0));
  let compared = 0;
  let merged = 0;
  for (let round = 0; round < 12; round += 1) {
    for (let write = 0; write < 40; write += 1) {
      world.pass(STEP_MS);
      await chronicle.write(store);
    }
    await world.settle();
    if (seed % 2 === 1 || random.below(3) === 0) await store.merge();
    await store.sync();
    const { historyFloor, historyFloorTime } = store.stats();
    if (historyFloor > 0) {
      // Nothing younger than the retention was touched.
      expect(historyFloorTime).toBeLessThanOrEqual(world.clock.wall - RETAIN_MS);
      expect(historyFloor).toBeLessThan(chronicle.revisions.at(-1) as number);
    }
    compared += await expectHistory(directory, chronicle, historyFloor, world.clock.wall);
    if (random.below(3) > 0) continue;
    merged += store.stats().merge.bytesRead;
    await store.close();
    store = await world.open(directory, options(seed % 2 === 0));
  }
  expect(store.stats().historyFloor).toBeGreaterThan(0);
  expect(merged + store.stats().merge.bytesRead).toBeGreaterThan(0);
  expect(compared).toBeGreaterThan(500);
  await expectRestores(world, store, chronicle, random);
  await store.close();
});

/** A backup restores to any state from the floor on. */
async function expectRestores(
  world: World,
  store: Store,
  chronicle: Chronicle,
  random: SeededRandom,
): Promise<void> {
  const { path, historyFloor } = await store.backup({ directory: `${newDirectory()}-backups` });
  const revisions = chronicle.revisions.filter((revision) => revision >= historyFloor);
  for (let pick = 0; pick < 5; pick += 1) {
    const toRevision = revisions[random.below(revisions.length)] as number;
    const target = newDirectory();
    const { environment } = world;
    await restoreStore({ backup: path, target, toRevision, report() {}, environment });
    const restored = await world.open(target);
    const found = new Map<string, string>();
    for (const [key, { value }] of await inspect(restored)) found.set(key, value);
    await restored.close();
    const expected = stateAt(chronicle.records, toRevision, world.clock.wall);
    expect(found, `at ${toRevision}`).toEqual(expected);
  }
}

it('what is older than the retention is given back', async () => {
  const directory = newDirectory();
  const world = new World();
  const store = await world.open(directory, options(false));
  for (let write = 0; write < 100; write += 1) {
    await store.put('hot', `${write}`.padEnd(300, '.'));
    world.pass(10);
  }
  await store.merge();
  expect(store.stats().log.bytes).toBeGreaterThan(30_000);
  expect(store.stats().historyFloor).toBe(0);
  world.pass(RETAIN_MS / 2);
  await world.settle();
  const before = await store.put('hot', 'in between');
  world.pass(RETAIN_MS / 2 + 2000);
  await world.settle();
  await store.put('hot', 'now');
  await store.merge();
  await store.sync();
  // The newest from before the retention, what came within it, and the current one.
  const records = await recordsOf(directory);
  expect(records.length).toBeLessThan(20);
  expect(records.filter(({ sequence }) => sequence >= before.revision)).toHaveLength(2);
  expect(store.stats().historyFloor).toBeGreaterThan(0);
  await store.close();
});

it('a merge by itself does not take again what is kept for history', async () => {
  const directory = newDirectory();
  const world = new World();
  const store = await world.open(directory, { ...options(true), retainHistoryMs: 3_600_000 });
  for (let key = 0; key < 30; key += 1) await store.put(`key-${key}`, 'old'.padEnd(300, '.'));
  world.pass(3_600_000 + 60_000);
  await world.settle();
  for (let key = 0; key < 30; key += 1) await store.put(`key-${key}`, 'new'.padEnd(300, '.'));
  world.pass(1000);
  for (let pass = 0; pass < 20; pass += 1) {
    world.pass(61_000);
    await world.settle();
  }
  const { runs } = store.stats().merge;
  expect(runs).toBeGreaterThan(0);
  await store.close();
  // Nor after a restart.
  const again = await world.open(directory, { ...options(true), retainHistoryMs: 3_600_000 });
  for (let pass = 0; pass < 20; pass += 1) {
    world.pass(61_000);
    await world.settle();
  }
  expect(runs + again.stats().merge.runs).toBeLessThan(4);
  // Once all of it is old enough, one merge gives it back.
  world.pass(3_600_000);
  for (let pass = 0; pass < 20; pass += 1) {
    world.pass(61_000);
    await world.settle();
  }
  expect(again.stats().log.deadBytes).toBeLessThan(4096);
  await again.close();
});
