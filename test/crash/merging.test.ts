/** Deletes, expiries and merges: nothing comes back, nothing is lost, space is. */

import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Store, StoreOptionsInput } from '../../src/storage/index.ts';
import { closed, crashed, segmentsOf } from './world/built.ts';
import { expectTidy, inspect, manifestOf } from './world/inspect.ts';
import { scratchDirectories } from './world/scratch.ts';
import { World } from './world/world.ts';

const newDirectory = scratchDirectories();

/** A merge of the policy's choice: of segments that are mostly garbage, alone. */
const POLICY: Partial<StoreOptionsInput> = {
  merge: {
    automatic: true,
    checkIntervalMs: 1000,
    triggerDeadRatio: 0.9,
    thresholdDeadRatio: 0.9,
    smallSegmentBytes: 0,
  },
};

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Fills the rest of the segment with keys of their own, so that the log rolls. */
async function roll(store: Store, name: string): Promise<void> {
  for (let piece = 0; piece < 5; piece += 1) {
    await store.put(`${name}-${piece}`, Buffer.alloc(1900, piece));
  }
}

/** Lets time pass until the policy has merged `runs` times. */
async function mergeByPolicy(world: World, store: Store, runs = 1): Promise<void> {
  for (let look = 0; look < 20 && store.stats().merge.runs < runs; look += 1) {
    world.pass(61_000);
    await world.settle();
  }
  expect(store.stats().merge.runs).toBe(runs);
}

async function kinds(directory: string): Promise<string[]> {
  return (await manifestOf(directory)).segments.map(({ kind }) => kind);
}

it('1. delete, merge only the tombstone’s segment, restart: absent', async () => {
  const directory = newDirectory();
  const world = new World();
  const store = await world.open(directory, POLICY);
  await store.put('k', 'old');
  for (let piece = 0; piece < 4; piece += 1) await store.put(`first-${piece}`, Buffer.alloc(1900));
  await store.put('second', Buffer.alloc(300));
  await store.delete('k');
  for (let piece = 0; piece < 8; piece += 1) await store.put('junk', Buffer.alloc(1900, piece));
  await store.put('junk', 'small');
  await mergeByPolicy(world, store);
  expect(await store.get('k')).toBeUndefined();
  await store.close();
  expect(await kinds(directory)).toContain('merged');
  expect(
    (await segmentsOf(directory))
      .flatMap(({ records }) => records)
      .filter(({ key }) => key === 'k'),
  ).toHaveLength(2);
  const again = await new World().open(directory);
  expect((await inspect(again)).has('k')).toBe(false);
  await again.close();
});

it('2. delete, merge only the older segment, restart: absent', async () => {
  const directory = newDirectory();
  const world = new World();
  const store = await world.open(directory, POLICY);
  await store.put('k', 'old');
  for (let piece = 0; piece < 4; piece += 1) await store.put('junk', Buffer.alloc(1900, piece));
  await roll(store, 'second');
  await store.put('junk', 'small');
  await store.delete('k');
  await mergeByPolicy(world, store);
  await store.close();
  const records = (await segmentsOf(directory)).flatMap((segment) => segment.records);
  expect(records.filter(({ key }) => key === 'k')).toHaveLength(1);
  const again = await new World().open(directory);
  expect((await inspect(again)).has('k')).toBe(false);
  await again.close();
});

it('3. delete, full merge: the bytes of the tombstone are gone', async () => {
  const directory = newDirectory();
  await closed(directory, async (store) => {
    await store.put('kept', 'v');
    await store.put('deleted', 'v');
    await roll(store, 'filler');
    await store.delete('deleted');
    await store.merge();
    while (store.stats().log.tombstoneBytes > 0) await turns(1);
  });
  for (const name of readdirSync(directory)) {
    expect(readFileSync(`${directory}/${name}`).includes('deleted'), name).toBe(false);
  }
});

it('4. delete, reinsert, merge, restart: the newest value', async () => {
  const directory = newDirectory();
  await closed(directory, async (store) => {
    await store.put('k', 'one');
    await roll(store, 'a');
    await store.delete('k');
    await roll(store, 'b');
    await store.put('k', 'two');
    await roll(store, 'c');
    await store.put('a-1', 'x');
    await store.merge();
    expect((await store.get('k'))?.toString()).toBe('two');
  });
  const again = await new World().open(directory);
  expect((await inspect(again)).get('k')).toEqual({ value: 'two', version: 1 });
  await again.close();
});

it('10. delete everything, merge, restart: no keys, and revisions do not go back', async () => {
  for (const isClean of [true, false]) {
    const directory = newDirectory();
    let revision = 0;
    await (isClean ? closed : crashed)(directory, async (store) => {
      for (let key = 0; key < 60; key += 1) await store.put(`k${key}`, 'x'.repeat(400));
      for (let key = 0; key < 60; key += 1) await store.delete(`k${key}`);
      await store.merge();
      revision = store.stats().lastRevision;
      expect(store.stats().log.liveBytes).toBe(0);
    });
    const again = await new World().open(directory);
    expect((await inspect(again)).size).toBe(0);
    expect((await again.put('k', 'x')).revision).toBeGreaterThan(revision);
    await again.close();
    const third = await new World().open(directory);
    expect((await third.put('k', 'y')).revision).toBeGreaterThan(revision + 1);
    await third.close();
  }
});

it('30. deleting an absent key appends nothing', async () => {
  await closed(newDirectory(), async (store) => {
    await store.put('a', '1');
    const before = store.stats();
    await store.delete('none');
    await store.batch([{ type: 'delete', key: 'none' }]);
    const after = store.stats();
    expect(after.writes.bytesWritten).toBe(before.writes.bytesWritten);
    expect(after.lastRevision).toBe(before.lastRevision);
  });
});

/** Runs `act` while the merge has judged its records and not installed them, or before. */
async function race(
  act: (store: Store) => Promise<void>,
  moment: 'before' | 'after',
): Promise<string> {
  const directory = newDirectory();
  const world = new World();
  const store = await world.open(directory);
  await store.put('k', 'old');
  await store.put('other', 'x');
  await store.put('other', 'y');
  let acted = false;
  if (moment === 'before') {
    store.pauseMerge();
  } else {
    // The outputs are written, and their manifest is about to be.
    world.fault = ({ kind, path }) => {
      if (acted || kind !== 'sync' || !path.endsWith('.merged')) return undefined;
      acted = true;
      return act(store);
    };
  }
  const merging = store.merge();
  if (moment === 'before') {
    while (store.mergeStatus().state !== 'copying') await turns(1);
    await act(store);
    acted = true;
    store.resumeMerge();
  }
  await merging;
  expect(acted).toBe(true);
  const live = (await inspect(store)).get('k')?.value ?? 'absent';
  await store.close();
  const again = await new World().open(directory);
  expect((await inspect(again)).get('k')?.value ?? 'absent').toBe(live);
  await again.merge();
  expect((await inspect(again)).get('k')?.value ?? 'absent').toBe(live);
  await again.close();
  return live;
}

it.each(['before', 'after'] as const)('5. delete, %s the copying: delete wins', async (moment) => {
  expect(await race(async (store) => void (await store.delete('k')), moment)).toBe('absent');
});

it.each(['before', 'after'] as const)('6. put, %s the copying: put wins', async (moment) => {
  expect(await race(async (store) => void (await store.put('k', 'new')), moment)).toBe('new');
});

it.each(['before', 'after'] as const)('delete and put anew, %s the copying', async (moment) => {
  const act = async (store: Store) => {
    await store.delete('k');
    await store.put('k', 'anew');
  };
  expect(await race(act, moment)).toBe('anew');
});

it('13. rolls during a merge', async () => {
  const directory = newDirectory();
  const world = new World();
  const store = await world.open(directory);
  for (let key = 0; key < 60; key += 1) await store.put(`k${key % 20}`, 'x'.repeat(400));
  store.pauseMerge();
  const merging = store.merge();
  while (store.mergeStatus().state !== 'copying') await turns(1);
  for (let key = 0; key < 60; key += 1) await store.put(`k${key % 7}`, `new ${'y'.repeat(400)}`);
  store.resumeMerge();
  for (let key = 0; key < 60; key += 1) await store.put(`k${key % 5}`, `newer ${'z'.repeat(400)}`);
  await merging;
  const state = await inspect(store);
  expect(state.get('k0')?.value).toMatch(/^newer/);
  expect(state.get('k6')?.value).toMatch(/^new /);
  expect(state.get('k19')?.value).toMatch(/^x/);
  await store.close();
  await expectTidy(directory, world);
  const again = await new World().open(directory);
  expect(await inspect(again)).toEqual(state);
  await again.close();
});

it('segments tell which of them a merge reads, until it has come to its end', async () => {
  const directory = newDirectory();
  const world = new World();
  const store = await world.open(directory);
  const read = (): number[] =>
    store
      .segments(0, 1000)
      .filter(({ merging }) => merging)
      .map(({ id }) => id);
  for (let key = 0; key < 60; key += 1) await store.put(`k${key % 20}`, 'x'.repeat(400));
  const before = store.segments(0, 1000).map(({ id }) => id);
  expect(read()).toEqual([]);
  store.pauseMerge();
  const merging = store.merge();
  while (store.mergeStatus().state !== 'copying') await turns(1);
  expect(read().length).toBeGreaterThan(0);
  expect(before).toEqual(expect.arrayContaining(read()));
  await store.put('k', 'anew');
  expect(read()).not.toContain(store.segments(0, 1000).at(-1)?.id);
  store.resumeMerge();
  await merging;
  expect(read()).toEqual([]);
  await store.close();
});

it('32. a put with it over one without, expire, restart: absent', async () => {
  for (const merges of [[], ['before'], ['after'], ['before', 'after']]) {
    const directory = newDirectory();
    const world = new World();
    const store = await world.open(directory);
    await store.put('k', 'for ever');
    await store.put('other', 'x');
    await roll(store, 'filler');
    await store.put('k', 'short', { ttlMs: 1000 });
    await store.put('other', 'y');
    if (merges.includes('before')) await store.merge();
    world.pass(1000);
    expect(await store.get('k')).toBeUndefined();
    if (merges.includes('after')) await store.merge();
    const { clock } = world;
    await store.close();
    for (let restart = 0; restart < 2; restart += 1) {
      const next = new World({ clock });
      const again = await next.open(directory);
      expect(await again.exists('k')).toBe(false);
      expect((await inspect(again)).has('k')).toBe(false);
      await again.merge();
      expect((await inspect(again)).has('k')).toBe(false);
      await again.close();
    }
  }
});

it('what has expired stays so when the clock is set back over a restart', async () => {
  const directory = newDirectory();
  const world = new World();
  const store = await world.open(directory);
  await store.put('k', 'v', { ttlMs: 1000 });
  world.pass(100_000);
  expect(await store.count()).toBe(0);
  await store.put('other', 'x');
  await store.close();
  const again = await new World().open(directory);
  expect(await again.exists('k')).toBe(false);
  await again.close();
});

it('31. the wall clock goes backwards: the last write wins, times do not go back', async () => {
  const directory = newDirectory();
  const world = new World();
  const store = await world.open(directory);
  const first = await store.put('k', 'one');
  world.clock.wall -= 3_600_000;
  const second = await store.put('k', 'two');
  expect(second.updatedAt).toBeGreaterThanOrEqual(first.updatedAt);
  await store.close();
  const earlier = new World();
  earlier.clock.wall -= 7_200_000;
  const again = await earlier.open(directory);
  expect((await again.get('k'))?.toString()).toBe('two');
  const third = await again.put('k', 'three');
  expect(third.updatedAt).toBeGreaterThanOrEqual(second.updatedAt);
  await again.merge();
  await again.close();
  const last = await new World().open(directory);
  expect((await inspect(last)).get('k')).toEqual({ value: 'three', version: 3 });
  await last.close();
});

it('9. merge twice, reopen', async () => {
  const directory = newDirectory();
  const world = new World();
  const store = await world.open(directory);
  for (let key = 0; key < 90; key += 1) await store.put(`k${key % 30}`, `${key}${'x'.repeat(300)}`);
  const state = await inspect(store);
  await store.merge();
  expect(await store.merge()).toMatchObject({ inputs: 0 });
  await store.put('k0', '0');
  await store.merge();
  await store.put('k0', '0');
  await store.close();
  await expectTidy(directory, world);
  const again = await new World().open(directory);
  const found = new Map(await inspect(again));
  expect(found.get('k0')).toEqual({ value: '0', version: 5 });
  found.delete('k0');
  const wanted = new Map(state);
  wanted.delete('k0');
  expect(found).toEqual(wanted);
  await again.close();
});

it('14. and 34. files that a page reads stay until it has, are not merged again, then vanish', async () => {
  const directory = newDirectory();
  const world = new World({ tickMs: 6 });
  const store = await world.open(directory);
  await store.whenIndexReady();
  for (let key = 0; key < 60; key += 1) await store.put(`k${key % 20}`, `${key}${'x'.repeat(300)}`);
  // A first read leaves reads in the thread pool.
  await store.get('k0');
  await store.get('k0');
  let release: () => void = () => {};
  let isHeld = false;
  world.fault = ({ kind, path, isSync, bytes }) => {
    if (kind !== 'read' || isSync || isHeld || !path.endsWith('.log') || bytes < 100)
      return undefined;
    isHeld = true;
    return new Promise((resolve) => {
      release = resolve;
    });
  };
  const page = store.rangePage();
  while (!isHeld) await turns(1);
  const logs = () => readdirSync(directory).filter((name) => name.endsWith('.log'));
  const before = logs();
  await store.merge();
  for (let key = 0; key < 20; key += 1) await store.put(`k${key}`, 'later');
  await store.merge();
  const pinned = logs().filter((name) => before.includes(name));
  expect(pinned.length).toBeGreaterThan(0);
  release();
  const { entries } = await page;
  expect(entries).toHaveLength(20);
  for (const entry of entries) {
    expect('error' in entry ? entry.error : entry.value.toString()).toMatch(/^\d+x+$/);
  }
  // They go behind the page; the test ends by its timeout if they do not.
  while (logs().some((name) => pinned.includes(name))) await turns(1);
  await store.close();
  await expectTidy(directory, world);
});

it('15. many merges: files, descriptors and statistics stay bounded', async () => {
  const directory = newDirectory();
  const world = new World();
  const store = await world.open(directory);
  for (let round = 0; round < 40; round += 1) {
    for (let key = 0; key < 30; key += 1) await store.put(`k${key}`, `${round}${'x'.repeat(250)}`);
    await store.merge();
    // What was merged away is removed behind the merge: two merged ones, the open and the next stay.
    while (store.stats().log.segments > 4) await turns(1);
    const { log } = store.stats();
    expect(log.openFiles).toBeLessThan(8);
    expect(readdirSync(directory).length).toBeLessThan(16);
  }
  await inspect(store);
  const bytes = readdirSync(directory).reduce(
    (sum, name) => sum + statSync(`${directory}/${name}`).size,
    0,
  );
  expect(bytes).toBeLessThan(40_000);
  await store.close();
  expect(world.fs.openCount).toBe(0);
});

it('28. an empty value is no delete, through restart and merge', async () => {
  const directory = newDirectory();
  await crashed(directory, async (store) => {
    await store.put('empty', '');
    await store.put('other', 'x');
    await store.put('other', 'y');
  });
  for (let round = 0; round < 2; round += 1) {
    const store = await new World().open(directory);
    expect(await store.get('empty')).toEqual(Buffer.alloc(0));
    await store.merge();
    expect(await store.get('empty')).toEqual(Buffer.alloc(0));
    await store.close();
  }
});

it('37. loading by hint equals loading by scan equals the state before', async () => {
  const directory = newDirectory();
  const world = new World();
  const store = await world.open(directory);
  for (let key = 0; key < 200; key += 1) {
    if (key % 7 === 0) await store.delete(`k${(key * 3) % 50}`);
    else
      await store.put(
        `k${key % 50}`,
        `${key}${'x'.repeat(200)}`,
        key % 5 === 0 ? { ttlMs: 1e9 } : {},
      );
  }
  const state = await inspect(store);
  const { keys, log } = store.stats();
  await store.close();
  const byHint = await new World().open(directory);
  expect(byHint.stats().opened.scanned).toBe(0);
  expect(await inspect(byHint)).toEqual(state);
  const figures = byHint.stats();
  await byHint.close();
  const blind = new World();
  blind.fault = ({ kind, path }) =>
    kind === 'open' && path.endsWith('.hint')
      ? Object.assign(new Error('ENOENT'), { code: 'ENOENT' })
      : undefined;
  const byScan = await blind.open(directory);
  expect(byScan.stats().opened.byHint).toBe(0);
  expect(await inspect(byScan)).toEqual(state);
  for (const stats of [figures, byScan.stats()]) {
    expect(stats.keys).toBe(keys);
    expect(stats.log.liveBytes).toBe(log.liveBytes);
  }
  await byScan.close();
});

it('36. bytes of tombstones are the same live, by hint and by scan', async () => {
  const directory = newDirectory();
  let live = 0;
  await closed(directory, async (store) => {
    for (let round = 0; round < 3; round += 1) {
      await store.put('k', String(round));
      await store.delete('k');
    }
    live = store.stats().log.tombstoneBytes;
  });
  const byHint = await new World().open(directory);
  const hinted = byHint.stats().log.tombstoneBytes;
  await byHint.close();
  rmSync(`${directory}/seg-0000000001.hint`);
  const byScan = await new World().open(directory);
  const scanned = byScan.stats().log.tombstoneBytes;
  await byScan.close();
  expect({ hinted, scanned }).toEqual({ hinted: live, scanned: live });
});

it('what is sealed to be merged gets no hint before, and its own when the merge fails', async () => {
  const directory = newDirectory();
  const world = new World();
  const store = await world.open(directory);
  for (const value of ['one', 'two']) await store.put('k', value);
  await store.merge();
  expect(world.jobs.started.map(({ name }) => name)).toEqual(['merge']);
  for (const value of ['three', 'four']) await store.put('k', value);
  world.jobs.onAsked = (name) => {
    if (name === 'merge') throw new Error('the thread died');
  };
  await expect(store.merge()).rejects.toMatchObject({ code: 'INTERNAL' });
  await world.settle();
  expect(world.jobs.started.map(({ name }) => name)).toEqual(['merge', 'merge', 'build-hint']);
  await store.close();
  await expectTidy(directory, world);
});
