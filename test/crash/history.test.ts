/** While history is kept, merges drop no record that a state from the floor on consists of. */

import { expect, it } from 'vitest';
import type { RecordTypeName } from '../../src/storage/format/record.ts';
import type { Store } from '../../src/storage/index.ts';
import { restoreStore } from '../../src/storage/offline/index.ts';
import { TTL_NONE } from '../../src/vocabulary/write-arguments.ts';
import { type Kept, recordsOf } from './world/records.ts';
import { scratchDirectories } from './world/scratch.ts';
import { SeededRandom } from './world/seeded-random.ts';
import { Touch } from './world/touch.ts';
import { World } from './world/world.ts';

const newDirectory = scratchDirectories();

const RETAIN_MS = 60_000;
const STEP_MS = 400;
const KEYS = 12;

/** The newest record of each key up to a revision, and the newest that says of a value. */
function newestAt(
  records: readonly Kept[],
  revision: number,
): readonly [Map<string, Kept>, Map<string, Kept>] {
  const newest = new Map<string, Kept>();
  const values = new Map<string, Kept>();
  for (const record of records) {
    if (record.sequence > revision) break;
    if (record.type === 'clear') newest.clear();
    else newest.set(record.key, record);
    if (record.type === 'put' || record.type === 'delete') values.set(record.key, record);
  }
  return [newest, values];
}

/** What had been written up to a revision, as the records say it. */
function stateAt(records: readonly Kept[], revision: number, now: number): Map<string, string> {
  const [newest, values] = newestAt(records, revision);
  const state = new Map<string, string>();
  for (const [key, { type, expiresAt, valueSequence }] of newest) {
    if (type === 'delete' || (expiresAt !== 0 && expiresAt <= now)) continue;
    const found = values.get(key);
    if (found === undefined || found.sequence < valueSequence) state.set(key, 'it is lost');
    else if (found.type === 'put') state.set(key, found.value);
  }
  return state;
}

/** All that was written, merges or not. */
class Chronicle {
  readonly records: Kept[] = [];
  readonly revisions: number[] = [];
  readonly #random: SeededRandom;
  /** Of the newest put of each key. */
  readonly #putAt = new Map<string, number>();
  #count = 0;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  async write(store: Store): Promise<void> {
    const random = this.#random;
    this.#count += 1;
    const key = `key-${random.below(KEYS)}`;
    const value = `${this.#count}`.padEnd(random.below(500) + 8, '.');
    const choice = random.below(100);
    if (choice < 16) {
      if (await store.delete(key)) this.#add(store, 'delete', key, '', 0);
    } else if (choice < 32) {
      await this.#writeBatch(store, key, value);
    } else if (choice < 56) {
      const touched = await store.modify(key, new Touch(this.#ttl() ?? TTL_NONE));
      if (touched !== undefined) this.#add(store, 'touch', key, '', touched.expiresAt ?? 0);
    } else if (choice === 56) {
      await store.clear();
      this.#add(store, 'clear', '', '', 0);
    } else {
      const ttlMs = this.#ttl();
      const put = await store.put(key, value, ttlMs === undefined ? {} : { ttlMs });
      this.#add(store, 'put', key, value, put.expiresAt ?? 0);
    }
  }

  async #writeBatch(store: Store, first: string, value: string): Promise<void> {
    const random = this.#random;
    const keys = [first, `key-${random.below(KEYS)}`, `key-${random.below(KEYS)}`];
    const results = await store.batch(
      keys.map((key, at) => ({ type: 'put', key, value: `${at}-${value}` })),
    );
    for (const [at, { revision = 0 }] of results.entries()) {
      this.#note(revision, 'put', keys[at] as string, `${at}-${value}`, 0);
    }
    this.revisions.push(results.at(-1)?.revision ?? 0);
  }

  #ttl(): number | undefined {
    const random = this.#random;
    return random.below(3) > 0 ? undefined : 1 + random.below(2 * RETAIN_MS);
  }

  #add(store: Store, type: RecordTypeName, key: string, value: string, expiresAt: number): void {
    const sequence = store.stats().committedRevision;
    this.#note(sequence, type, key, value, expiresAt);
    this.revisions.push(sequence);
  }

  #note(
    sequence: number,
    type: RecordTypeName,
    key: string,
    value: string,
    expiresAt: number,
  ): void {
    if (type === 'put') this.#putAt.set(key, sequence);
    const valueSequence = type === 'touch' ? (this.#putAt.get(key) as number) : 0;
    this.records.push({ sequence, type, key, value, expiresAt, valueSequence });
  }
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
    for await (const entry of restored.range()) {
      if ('error' in entry) throw entry.error;
      found.set(entry.key.toString(), entry.value.toString());
    }
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
