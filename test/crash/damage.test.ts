/** Damage below what was proven durable: reported and contained; wrong bytes are never served. */

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Store, StoreOptionsInput } from '../../src/storage/index.ts';
import {
  closed,
  copyOf,
  crashed,
  cut,
  type FoundRecord,
  flip,
  overwrite,
  segmentsOf,
} from './world/built.ts';
import { scratchDirectories } from './world/scratch.ts';
import { World } from './world/world.ts';

const newDirectory = scratchDirectories();

const LARGE: Partial<StoreOptionsInput> = { segmentBytes: 1 << 20, preallocateBytes: 64 << 10 };
const COUNT = 120;

const keyOf = (index: number) => `key-${String(index).padStart(3, '0')}`;
const valueFor = (index: number) => `${index}:${'v'.repeat(1000)}`;

async function putAll(store: Store): Promise<void> {
  for (let index = 0; index < COUNT; index += 1) await store.put(keyOf(index), valueFor(index));
}

type Fate = 'good' | 'corrupt' | 'absent';

/** What each key's read comes to; a value other than the one that was put fails the test. */
async function fates(store: Store, count = COUNT): Promise<Fate[]> {
  await store.whenIndexReady();
  const found: Fate[] = [];
  for (let index = 0; index < count; index += 1) {
    try {
      const value = await store.get(keyOf(index));
      if (value !== undefined) expect(value.toString()).toBe(valueFor(index));
      found.push(value === undefined ? 'absent' : 'good');
    } catch (error) {
      expect(error).toHaveProperty('code', 'CORRUPT');
      found.push('corrupt');
    }
  }
  const page = await store.rangePage({ limit: 1000 });
  for (const entry of page.entries) {
    const index = Number(entry.key.toString().slice(4));
    expect('error' in entry ? 'corrupt' : 'good').toBe(found[index]);
  }
  expect(page.entries).toHaveLength(found.filter((fate) => fate !== 'absent').length);
  return found;
}

/** Keys whose records lie in `[from, to)`, or overlap it. */
function touched(records: readonly FoundRecord[], from: number, to: number): Set<string> {
  return new Set(
    records.filter(({ offset, end }) => offset < to && end > from).map(({ key }) => key),
  );
}

const FROM = 30_000;
const TO = FROM + 40_960;

it('18. 40 KB zeroed of the log that was open when the process died', async () => {
  const directory = newDirectory();
  await crashed(directory, putAll, LARGE);
  const [segment] = await segmentsOf(directory);
  overwrite(segment?.path as string, FROM, new Uint8Array(TO - FROM));
  const lost = touched(segment?.records ?? [], FROM, TO);
  const events: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    const world = new World();
    const store = await world.open(directory, {
      ...LARGE,
      logger: (_, event) => events.push(event),
    });
    for (const [index, fate] of (await fates(store)).entries()) {
      if (lost.has(keyOf(index))) expect(fate, keyOf(index)).not.toBe('good');
      else expect(fate, keyOf(index)).toBe('good');
    }
    const { damage, degraded } = store.stats();
    expect(damage.length, `round ${round}`).toBeGreaterThan(0);
    // It begins behind the record whose head is before the zeros: that one is known, and CORRUPT.
    expect(damage[0]?.offset).toBeLessThan(FROM + 1100);
    expect(damage[0]?.offset).toBeGreaterThan(FROM - 1100);
    expect(degraded).toBe(true);
    await expect(store.merge()).rejects.toMatchObject({ code: 'CORRUPT' });
    await store.put('more', String(round));
    expect((await store.get('more'))?.toString()).toBe(String(round));
    await store.delete('more');
    await store.close();
  }
  expect(events).toContain('segment-damaged');
});

it('18. 40 KB zeroed of a sealed segment with a hint: the lost keys are known and answer CORRUPT', async () => {
  const directory = newDirectory();
  await closed(directory, putAll, LARGE);
  const [segment] = await segmentsOf(directory);
  overwrite(segment?.path as string, FROM, new Uint8Array(TO - FROM));
  const lost = touched(segment?.records ?? [], FROM, TO);
  const told: string[] = [];
  const store = await new World().open(directory, {
    ...LARGE,
    logger: (_level, event) => told.push(event),
  });
  const found = await fates(store);
  for (const [index, fate] of found.entries()) {
    expect(fate, keyOf(index)).toBe(lost.has(keyOf(index)) ? 'corrupt' : 'good');
  }
  expect(store.stats().reads.corrupt).toBeGreaterThan(1);
  // the test's clock stands still: one line a second is one line
  expect(told.filter((event) => event === 'record-damaged')).toHaveLength(1);
  await store.close();
});

it('18. 40 KB zeroed of a sealed segment without a hint: reported, the store is degraded', async () => {
  const directory = newDirectory();
  await closed(directory, putAll, LARGE);
  const [segment] = await segmentsOf(directory);
  overwrite(segment?.path as string, FROM, new Uint8Array(TO - FROM));
  cut(`${directory}/seg-0000000001.hint`, 10);
  const lost = touched(segment?.records ?? [], FROM, TO);
  for (let round = 0; round < 2; round += 1) {
    const store = await new World().open(directory, LARGE);
    const found = await fates(store);
    for (const [index, fate] of found.entries()) {
      if (lost.has(keyOf(index))) expect(fate, keyOf(index)).not.toBe('good');
      else expect(fate, keyOf(index)).toBe('good');
    }
    expect(store.stats()).toMatchObject({ degraded: true });
    expect(store.stats().damage.length).toBeGreaterThan(0);
    await store.close();
  }
});

it('19. a flipped byte of a value: CORRUPT, never the bytes; neighbours are good; a merge keeps what is there', async () => {
  const directory = newDirectory();
  await closed(directory, async (store) => {
    for (let index = 0; index < 6; index += 1) await store.put(keyOf(index), valueFor(index));
    await store.put(keyOf(0), valueFor(0));
  });
  const [segment] = await segmentsOf(directory);
  const record = segment?.records.find(({ key }) => key === keyOf(2)) as FoundRecord;
  flip(segment?.path as string, record.valueStart + 500);
  const store = await new World().open(directory);
  const wanted = ['good', 'good', 'corrupt', 'good', 'good', 'good'];
  expect(await fates(store, 6)).toEqual(wanted);
  await expect(store.getMany([keyOf(1), keyOf(2)])).rejects.toMatchObject({ code: 'CORRUPT' });
  await store.merge().catch((error: unknown) => expect(error).toHaveProperty('code', 'CORRUPT'));
  expect(await fates(store, 6)).toEqual(wanted);
  await store.put(keyOf(2), valueFor(2));
  expect(await fates(store, 6)).toEqual(wanted.map(() => 'good'));
  await store.close();
  const again = await new World().open(directory);
  expect(await fates(again, 6)).toEqual(wanted.map(() => 'good'));
  await again.close();
});

it.each(['open', 'sealed without a hint', 'sealed with a hint'] as const)(
  'a flipped byte of the head of a record in a log that is %s: never wrong bytes, and reported',
  async (kind) => {
    const built = newDirectory();
    const work = async (store: Store) => {
      for (let index = 0; index < 5; index += 1) await store.put(keyOf(index), valueFor(index));
    };
    await (kind === 'open' ? crashed : closed)(built, work);
    const [segment] = await segmentsOf(built);
    const record = segment?.records[2] as FoundRecord;
    for (let at = record.offset; at < record.valueStart; at += 1) {
      const directory = copyOf(built, newDirectory());
      flip(`${directory}/seg-0000000001.log`, at, 1 << (at % 8));
      if (kind === 'sealed without a hint') cut(`${directory}/seg-0000000001.hint`, 0);
      const store = await new World().open(directory);
      const found = await fates(store, 5);
      const where = `byte ${at - record.offset}`;
      expect(found.toSpliced(2, 1), where).toEqual(['good', 'good', 'good', 'good']);
      expect(found[2], where).toBe(
        kind === 'sealed with a hint' || (at - record.offset >= 4 && at - record.offset < 8)
          ? 'corrupt'
          : 'absent',
      );
      if (found[2] === 'absent') expect(store.stats().damage, where).toHaveLength(1);
      await store.close();
    }
  },
);

it('20. a corrupt length field: bounded allocation, no hang', async () => {
  const built = newDirectory();
  await crashed(built, async (store) => {
    for (let index = 0; index < 5; index += 1) await store.put(keyOf(index), valueFor(index));
  });
  const [segment] = await segmentsOf(built);
  for (const [at, bytes] of [
    [10, [0xff, 0xff]],
    [12, [0xff, 0xff, 0xff, 0xff]],
    [12, [0xff, 0xff, 0xff, 0x7f]],
    [10, [0, 0]],
  ] as const) {
    const directory = copyOf(built, newDirectory());
    const record = segment?.records[2] as FoundRecord;
    overwrite(`${directory}/seg-0000000001.log`, record.offset + at, Uint8Array.from(bytes));
    const before = process.memoryUsage().arrayBuffers;
    const store = await new World().open(directory);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200 << 20);
    expect(await fates(store, 5)).toEqual(['good', 'good', 'absent', 'good', 'good']);
    await store.close();
  }
});

it('a sealed segment that is too short: reported, what is there stays readable', async () => {
  const built = newDirectory();
  await closed(built, async (store) => {
    for (let index = 0; index < 5; index += 1) await store.put(keyOf(index), valueFor(index));
  });
  const [segment] = await segmentsOf(built);
  for (const withHint of [true, false]) {
    const directory = copyOf(built, newDirectory());
    cut(`${directory}/seg-0000000001.log`, (segment?.records[3]?.offset as number) + 20);
    if (!withHint) cut(`${directory}/seg-0000000001.hint`, 5);
    const store = await new World().open(directory);
    const found = await fates(store, 5);
    expect(found.slice(0, 3)).toEqual(['good', 'good', 'good']);
    expect(found.slice(3)).toEqual(withHint ? ['corrupt', 'corrupt'] : ['absent', 'absent']);
    if (!withHint) expect(store.stats()).toMatchObject({ degraded: true });
    await store.close();
  }
});

it('a damaged segment header does not take its records with it', async () => {
  const built = newDirectory();
  await closed(built, async (store) => {
    for (let index = 0; index < 5; index += 1) await store.put(keyOf(index), valueFor(index));
  });
  for (const at of [0, 20, 50, 77]) {
    const directory = copyOf(built, newDirectory());
    flip(`${directory}/seg-0000000001.log`, at);
    const store = await new World().open(directory);
    expect(await fates(store, 5), `byte ${at}`).toEqual(Array(5).fill('good'));
    await store.close();
  }
});

it('a damaged manifest refuses the open, and nothing is removed', async () => {
  const built = newDirectory();
  await closed(built, async (store) => {
    await store.put('a', '1');
  });
  const bytes = readFileSync(`${built}/MANIFEST`);
  for (let at = 0; at < bytes.length; at += 5) {
    const directory = copyOf(built, newDirectory());
    flip(`${directory}/MANIFEST`, at);
    const opening = new World().open(directory);
    await expect(opening, `byte ${at}`).rejects.toHaveProperty(
      'code',
      expect.stringMatching(/^(BAD_MANIFEST|UNSUPPORTED_FORMAT)$/),
    );
    overwrite(`${directory}/MANIFEST`, 0, bytes);
    const store = await new World().open(directory);
    expect((await store.get('a'))?.toString()).toBe('1');
    await store.close();
  }
});
