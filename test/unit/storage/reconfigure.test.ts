/** Options that change while the store is open. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStore, type Store, type StoreOptionsInput } from '../../../src/storage/index.ts';

/** For the start of a worker on a machine that is busy. */
const PATIENCE = { timeout: 30_000 };

let directory: string;
let store: Store;

async function open(options: Partial<StoreOptionsInput> = {}): Promise<void> {
  store = await openStore({ segmentBytes: 64 * 1024, directory, ...options });
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'caskd-reconfigure-'));
});

afterEach(async () => {
  await store.close();
  await rm(directory, { recursive: true });
});

describe('what is wrong', () => {
  test('is named, all of it, and nothing is changed', async () => {
    await open();
    const before = structuredClone({ ...store.options, logger: 0, environment: 0 });
    const wrong = { syncIntervalMs: 0, cacheBytes: 1024, merge: { triggerDeadRatio: 2 } };
    const fixed = { segmentBytes: 128 * 1024 } as object;
    expect(() => store.reconfigure({ ...wrong, ...fixed })).toThrow(
      /^segmentBytes cannot change .*syncIntervalMs is 0, .*merge.triggerDeadRatio is 2, /,
    );
    expect({ ...store.options, logger: 0, environment: 0 }).toEqual(before);
    expect(store.stats().cache.bytesMax).toBe(before.cacheBytes);
  });
});

describe('the value cache', () => {
  test('starts anew with its new size, and goes away', async () => {
    await open({ cacheBytes: 1024 * 1024 });
    await store.put('k', 'v');
    const read = async () => `${await store.get('k')}`;
    await read();
    await read();
    expect(store.stats().cache).toMatchObject({ entries: 1, hits: 1 });
    store.reconfigure({ cacheBytes: 2 * 1024 * 1024 });
    expect(store.stats().cache).toMatchObject({ entries: 0, bytesMax: 2 * 1024 * 1024 });
    expect(await read()).toBe('v');
    expect(await read()).toBe('v');
    expect(store.stats().cache).toMatchObject({ entries: 1, hits: 2 });
    store.reconfigure({ cacheBytes: 0 });
    expect(await read()).toBe('v');
    expect(store.stats().cache).toMatchObject({ entries: 0, bytesMax: 0 });
  });
});

describe('automatic merging', () => {
  const CHECK = { checkIntervalMs: 5, triggerDeadRatio: 0.2 };

  async function makeGarbage(): Promise<void> {
    for (let round = 0; round < 30; round++) await store.put('k', Buffer.alloc(10_000, round));
  }

  test('is switched on, and looks as often as it is told', async () => {
    await open({ merge: { automatic: false, ...CHECK } });
    await makeGarbage();
    expect(store.stats().merge.runs).toBe(0);
    store.reconfigure({ merge: { automatic: true } });
    await expect.poll(() => store.stats().merge.runs, PATIENCE).toBeGreaterThan(0);
    expect(store.options.merge).toMatchObject({ automatic: true, ...CHECK });
  });

  test('a shorter interval does not wait for the end of the longer one', async () => {
    await open({ merge: { checkIntervalMs: 3_600_000, triggerDeadRatio: 0.2 } });
    await makeGarbage();
    store.reconfigure({ merge: { checkIntervalMs: 5 } });
    await expect.poll(() => store.stats().merge.runs, PATIENCE).toBeGreaterThan(0);
  });
});

test('files that are too many now are closed', async () => {
  await open({ maxOpenSegments: 64, cacheBytes: 0, merge: { automatic: false } });
  for (let key = 0; key < 40; key++) await store.put(`${key}`, Buffer.alloc(10_000));
  for (let key = 0; key < 40; key++) await store.get(`${key}`);
  const { openFiles } = store.stats().log;
  expect(openFiles).toBeGreaterThan(4);
  store.reconfigure({ maxOpenSegments: 2 });
  expect(store.stats().log.openFiles).toBeLessThan(openFiles);
  expect((await store.get('0'))?.length).toBe(10_000);
});

test('fewer jobs at a time are let in, and those that run go on', async () => {
  await open({ maxJobs: 2 });
  const end = Promise.withResolvers<object>();
  const dig = () => store.jobs.run({ kind: 'dig', unit: 'holes' }, () => end.promise);
  const running = [dig(), dig()];
  store.reconfigure({ maxJobs: 1 });
  await expect(dig()).rejects.toMatchObject({
    code: 'BUSY',
    details: { limitName: 'maxJobs', limit: 1 },
  });
  store.reconfigure({ maxJobs: 3 });
  running.push(dig());
  expect(store.stats().limits['maxJobs']).toMatchObject({ limit: 3, current: 3 });
  end.resolve({});
  await Promise.all(running);
});

test('a shorter write queue refuses what a longer one took', async () => {
  await open();
  const fill = () =>
    Promise.allSettled(
      Array.from({ length: 20 }, (_, key) => store.put(`${key}`, Buffer.alloc(10_000))),
    );
  expect((await fill()).every(({ status }) => status === 'fulfilled')).toBe(true);
  store.reconfigure({ maxWriteQueueBytes: 64 * 1024 });
  const refused = (await fill()).filter(({ status }) => status === 'rejected');
  expect(refused[0]).toMatchObject({ reason: { code: 'BUSY' } });
});
