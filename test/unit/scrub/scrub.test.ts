import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createNodeEnvironment } from '../../../src/storage/disk/node-environment.ts';
import type { StoreOptionsInput } from '../../../src/storage/index.ts';
import { repairInPlace } from '../../../src/storage/offline/index.ts';
import { TestClock } from '../../crash/world/test-clock.ts';
import { Touch } from '../../crash/world/touch.ts';
import { World } from '../../crash/world/world.ts';
import { inlineEnvironment, KeptStore, segmentsIn } from '../backup/kept-store.ts';

/** A store of several sealed segments with their hints. */
async function filled(options: Partial<StoreOptionsInput> = {}): Promise<KeptStore> {
  const kept = await KeptStore.create(options);
  await kept.fill(60);
  await kept.reopen(options);
  return kept;
}

async function flip(path: string, offset: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[offset] = (bytes[offset] as number) ^ 0x10;
  await writeFile(path, bytes);
}

it('a scrub of a sound store reads all of it and finds nothing', async () => {
  await using kept = await filled();
  const { sealedBytes, segments } = kept.store.stats().log;
  const result = await kept.store.scrub({ bytesPerSecond: 0 });
  expect(result).toMatchObject({ segments, bytes: sealedBytes, damaged: [], hintsRejected: 0 });
  const { scrub, damage } = kept.store.stats();
  expect(damage).toEqual([]);
  expect(scrub).toMatchObject({ running: false, runs: 1, failures: 0, bytesRead: sealedBytes });
  expect(scrub.lastEndedAt).toBeGreaterThan(Date.now() - 60_000);
});

it('a scrub knows records of every type', async () => {
  await using kept = await KeptStore.create();
  await kept.store.put('old', 'value');
  await kept.store.clear();
  await kept.store.put('touched', 'value');
  await kept.store.modify('touched', new Touch(60_000));
  await kept.store.put('deleted', 'value');
  await kept.store.delete('deleted');
  await kept.reopen();
  expect(await kept.store.scrub()).toMatchObject({ segments: 1, damaged: [], hintsRejected: 0 });
  await flip(join(kept.directory, 'seg-0000000001.log'), 80 + 44 + 3 + 5 + 20); // in the clear
  expect((await kept.store.scrub()).damaged).toEqual([1]);
});

it('a scrub in a worker thread finds damage as well', async () => {
  await using kept = await KeptStore.create({ environment: createNodeEnvironment() });
  await kept.put('k', 'v'.repeat(900));
  await kept.backup(); // which seals the segment
  await flip(join(kept.directory, 'seg-0000000001.log'), 500);
  expect(await kept.store.scrub()).toMatchObject({ segments: 1, damaged: [1] });
});

it('a scrub finds a flipped byte, tells it, and keeps it out of merges', async () => {
  const logged: string[] = [];
  const options: Partial<StoreOptionsInput> = { logger: (_, event) => logged.push(event) };
  await using kept = await filled(options);
  const [first = '', second = ''] = await segmentsIn(kept.directory);
  await flip(join(kept.directory, second), 5000); // in a value
  await flip(join(kept.directory, first), 200); // in a value, too
  const result = await kept.store.scrub({ bytesPerSecond: 0 });
  expect(result.damaged).toEqual([1, 2]);
  const { damage, scrub } = kept.store.stats();
  expect(damage).toHaveLength(2);
  expect(damage).toMatchObject([{ segment: 1 }, { segment: 2 }]);
  expect(damage[0]?.firstSequence).toBe(damage[0]?.lastSequence);
  expect(scrub.damagedSegments).toBe(2);
  expect(logged.filter((event) => event === 'segment-damaged')).toHaveLength(2);
  // What was hit answers CORRUPT, all else is served, and merges leave the segments alone.
  const codes = new Set<string>();
  for (const key of kept.current.keys()) {
    await kept.store.get(key).catch((error) => codes.add(`${error.code} ${key}`));
  }
  expect([...codes].map((code) => code.split(' ')[0])).toEqual(['CORRUPT', 'CORRUPT']);
  await kept.store.merge();
  expect(await segmentsIn(kept.directory)).toEqual(expect.arrayContaining([first, second]));
  // Known damage is not read again, and it is known after a restart.
  expect((await kept.store.scrub({ bytesPerSecond: 0 })).damaged).toEqual([]);
  await kept.reopen();
  expect(kept.store.stats().damage).toHaveLength(2);
  await kept.store.close();
  const confirm = () => Promise.resolve(true);
  await repairInPlace({ directory: kept.directory, report() {}, confirm });
  await kept.reopen();
  expect(kept.store.stats().damage).toEqual([]);
  expect((await kept.store.scrub({ bytesPerSecond: 0 })).damaged).toEqual([]);
});

it('a scrub finds a cut file, a damaged head and a damaged header', async () => {
  await using kept = await filled();
  const [first = '', second = '', third = ''] = await segmentsIn(kept.directory);
  await truncate(join(kept.directory, first), 9000);
  await flip(join(kept.directory, second), 80 + 20); // within the first record's head
  await flip(join(kept.directory, third), 30);
  const { damaged } = await kept.store.scrub({ bytesPerSecond: 0 });
  expect(damaged).toEqual([1, 2, 3]);
  const { damage } = kept.store.stats();
  expect(damage.find(({ segment }) => segment === 2)).toMatchObject({
    offset: 80,
    firstSequence: 18,
    lastSequence: 18,
  });
  expect(damage.find(({ segment }) => segment === 3)).toMatchObject({ offset: 0, bytes: 80 });
});

it('a scrub has a hint that is damaged written anew', async () => {
  await using kept = await filled();
  const hint = join(kept.directory, 'seg-0000000001.hint');
  const intact = await readFile(hint);
  await flip(hint, 130);
  const { damaged, hintsRejected } = await kept.store.scrub({ bytesPerSecond: 0 });
  expect({ damaged, hintsRejected }).toEqual({ damaged: [], hintsRejected: 1 });
  await kept.store.close();
  expect(await readFile(hint)).toEqual(intact);
  await kept.reopen();
  expect(kept.store.stats().opened).toMatchObject({ scanned: 0 });
});

it('a scrub runs alone, shows how far it is, and stops', async () => {
  await using kept = await filled();
  const running = kept.store.scrub({ bytesPerSecond: 4096 });
  running.catch(() => {});
  await expect(kept.store.scrub()).rejects.toMatchObject({ code: 'BUSY' });
  while (kept.store.scrubStatus().bytesDone === 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const [job] = kept.store.jobs.listRunning();
  expect(job).toMatchObject({ kind: 'scrub', unit: 'bytes' });
  expect(kept.store.stopScrub()).toBe(true);
  await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(kept.store.stopScrub()).toBe(false);
  expect(kept.store.stats().scrub).toMatchObject({ running: false, runs: 0, failures: 0 });
});

it('a scrub lets merges take segments away that it has not come to', async () => {
  await using kept = await filled();
  await kept.fill(60);
  const running = kept.store.scrub({ bytesPerSecond: 200_000 });
  await kept.store.merge();
  expect((await running).damaged).toEqual([]);
  await kept.reopen();
  expect((await segmentsIn(kept.directory)).filter((name) => name.endsWith('.log'))).toEqual([]);
});

describe('by itself', () => {
  const HOUR_MS = 3_600_000;

  async function passHours(world: World, hours: number): Promise<void> {
    for (let pass = 0; pass < hours; pass += 1) {
      world.pass(HOUR_MS);
      await world.settle();
    }
  }

  it('begins an hour after the start, then so long after the last one', async () => {
    await using kept = await filled();
    await kept.store.close();
    const world = new World();
    const store = await world.open(kept.directory, {
      scrubIntervalHours: 24,
      scrubBytesPerSecond: 0,
    });
    const begin = world.clock.wall;
    expect(store.stats().scrub.nextAt).toBe(begin + HOUR_MS);
    await passHours(world, 2);
    expect(store.stats().scrub).toMatchObject({ runs: 1, lastEndedAt: begin + HOUR_MS });
    await passHours(world, 22);
    expect(store.stats().scrub.runs).toBe(1);
    await store.close();
    // A restart does not forget it.
    const again = await world.open(kept.directory, {
      scrubIntervalHours: 24,
      scrubBytesPerSecond: 0,
    });
    expect(again.stats().scrub.nextAt).toBe(begin + 25 * HOUR_MS);
    await passHours(world, 2);
    expect(again.stats().scrub.runs).toBe(1);
    await again.close();
    await kept.reopen();
  });

  it('is off at 0', async () => {
    await using kept = await filled();
    await kept.store.close();
    const world = new World();
    const store = await world.open(kept.directory, { scrubIntervalHours: 0 });
    await passHours(world, 1000);
    expect(store.stats().scrub).toMatchObject({ runs: 0, nextAt: null });
    await store.close();
    await kept.reopen();
  });

  it('waits after one that was stopped, or failed', async () => {
    const clock = new TestClock();
    await using kept = await filled({ environment: { ...inlineEnvironment(), clock } });
    const controller = new AbortController();
    controller.abort();
    const stopped = kept.store.scrub({ signal: controller.signal });
    await expect(stopped).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(kept.store.stats().scrub).toMatchObject({ failures: 0, nextAt: clock.wall + HOUR_MS });
  });
});
