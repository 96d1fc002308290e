import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createNodeEnvironment } from '../../../src/storage/disk/node-environment.ts';
import { openStore } from '../../../src/storage/index.ts';
import { KeptStore, type State, untilBegun } from './kept-store.ts';

it('a backup under load restores to a state that existed, while merges run', async () => {
  await using kept = await KeptStore.create();
  const taken: { path: string; revision: number; state: State }[] = [];
  let isOver = false;
  const writing = (async () => {
    for (let round = 0; !isOver; round += 1) {
      await kept.put(`key:${round % 40}`, `${round}:`.padEnd(700, 'x'));
      if (round % 7 === 3) await kept.delete(`key:${(round * 3) % 40}`);
      if (round % 11 === 5) {
        await kept.batch({
          'pair:a': `${round}`,
          'pair:b': `${round}`,
          [`key:${round % 5}`]: '',
        });
      }
    }
  })();
  const merging = (async () => {
    while (!isOver) await kept.store.merge();
  })();
  for (let pass = 0; pass < 4; pass += 1) {
    const { path, revision } = await kept.backup();
    const state = kept.states.get(revision);
    // The model hears of a write a little after the store: it must have come to this one.
    for (let turn = 0; state === undefined && turn < 1000; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (kept.states.has(revision)) break;
    }
    taken.push({ path, revision, state: kept.states.get(revision) as State });
  }
  isOver = true;
  await Promise.all([writing, merging]);
  for (const { path, revision, state } of taken) {
    expect(state, `${path} is no state that the store was in`).toBeDefined();
    const { target, summary } = await kept.restore(path);
    expect(summary).toMatchObject({ revision, sourceUuid: kept.store.uuid, cutsBatch: false });
    expect(await kept.stateOf(target, summary)).toEqual(state);
  }
});

it('a backup is taken by a worker thread', async () => {
  await using kept = await KeptStore.create({ environment: createNodeEnvironment() });
  await kept.fill(30);
  await kept.backup();
  const { target, summary } = await kept.restore();
  expect(await kept.stateOf(target, summary)).toEqual(kept.current);
});

it('a backup of an empty store, and of one whose keys are all gone, restores to nothing', async () => {
  await using kept = await KeptStore.create();
  await kept.backup();
  const empty = await kept.restore();
  expect(empty.summary).toMatchObject({ segments: 0, revision: 0 });
  expect(await kept.stateOf(empty.target, empty.summary)).toEqual(new Map());
  await kept.put('k', 'v');
  await kept.delete('k');
  await kept.store.merge();
  const { revision } = await kept.backup();
  expect(revision).toBe(2);
  const gone = await kept.restore();
  expect(await kept.stateOf(gone.target, gone.summary)).toEqual(new Map());
});

it('a backup keeps expiry, versions, times, binary keys and empty values', async () => {
  await using kept = await KeptStore.create();
  const key = Buffer.from([0, 0xff, 0x0a, 0x80]);
  await kept.store.put(key, '', { ttlMs: 3_600_000 });
  await kept.store.put(key, Buffer.from([1, 0, 0xff]), { ttlMs: 3_600_000 });
  await kept.store.put('empty', '');
  const before = await kept.store.getEntry(key);
  await kept.backup();
  const { target } = await kept.restore();
  await using store = await openStore({ directory: target });
  expect(await store.getEntry(key)).toEqual(before);
  expect((await store.getEntry('empty'))?.value.length).toBe(0);
});

it('a backup after an unclean start and a merge is complete', async () => {
  await using kept = await KeptStore.create();
  await kept.fill(30);
  await kept.fill(10);
  // As a crash leaves it: the manifest calls a segment open.
  const copy = join(kept.root, 'crashed');
  const filter = (path: string): boolean => !path.endsWith('.tmp');
  await cp(kept.directory, copy, { recursive: true, filter });
  await using store = await openStore({ directory: copy, merge: { automatic: false } });
  await store.merge();
  const { revision, historyFloor } = await store.backup({ directory: kept.backups });
  expect(revision).toBeGreaterThanOrEqual(historyFloor);
  const { target } = await kept.restore();
  await using restored = await openStore({ directory: target });
  await restored.whenIndexReady();
  expect(await restored.count()).toBe(kept.current.size);
});

describe('what a backup refuses', () => {
  it.each([
    ['a relative path', () => 'backups', 'absolute'],
    ['a path with ..', (root: string) => `${root}/data/../backups`, 'without . and ..'],
    ['the store itself', (root: string) => `${root}/data`, "store's own directory"],
    ['a directory in the store', (root: string) => `${root}/data/b`, "store's own directory"],
  ])('%s', async (_, directory, says) => {
    await using kept = await KeptStore.create();
    await expect(kept.backup({ directory: directory(kept.root) })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(says),
    });
  });

  it('a directory whose parent is missing', async () => {
    await using kept = await KeptStore.create();
    await expect(kept.backup({ directory: `${kept.root}/no/such` })).rejects.toMatchObject({
      code: 'DIRECTORY_MISSING',
    });
    expect(kept.store.stats().backup).toMatchObject({ running: false, failures: 1, runs: 0 });
  });

  it('a second one at the same time, of this store or of another', async () => {
    await using kept = await KeptStore.create();
    await using other = await KeptStore.create();
    await kept.fill(20);
    const slow = kept.backup({ bytesPerSecond: 20_000 });
    slow.catch(() => {});
    await expect(kept.backup()).rejects.toMatchObject({ code: 'BUSY', retryable: true });
    await untilBegun(kept.backups);
    await expect(other.backup({ directory: kept.backups })).rejects.toMatchObject({
      code: 'LOCKED',
    });
    await slow;
  });
});
