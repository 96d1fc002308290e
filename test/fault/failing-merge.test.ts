/** Merges that fail: the originals stay, the error is told, the next one works. */

import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { CaskError, Store } from '../../src/storage/index.ts';
import { expectTidy, inspect } from '../crash/world/inspect.ts';
import type { State } from '../crash/world/journal.ts';
import type { Operation } from '../crash/world/operation.ts';
import { scratchDirectories } from '../crash/world/scratch.ts';
import { failNth, World } from '../crash/world/world.ts';

const newDirectory = scratchDirectories();

/** Several segments with much garbage. */
async function fill(store: Store): Promise<State> {
  for (let round = 0; round < 4; round += 1) {
    for (let key = 0; key < 25; key += 1) {
      if ((key + round) % 5 === 0) await store.delete(`k${key}`);
      else await store.put(`k${key}`, `${round}.${'x'.repeat(200)}`);
    }
  }
  return inspect(store);
}

const ofMerged = ({ path }: Operation) => /\.(merged|hint)(\.tmp)?$/.test(path);

interface Failure {
  readonly what: string;
  readonly code: string;
  readonly matches: (operation: Operation) => boolean;
}

/** What merges failed of, by the error that was injected. */
const told = new Map<string, Set<string>>();

function note(code: string, error: CaskError): void {
  told.set(code, (told.get(code) ?? new Set()).add(error.code));
}

const FAILURES: readonly Failure[] = [
  {
    what: '11. a read error',
    code: 'EIO',
    matches: ({ kind, path, bytes }) => kind === 'read' && path.endsWith('.log') && bytes > 1000,
  },
  {
    what: '9. a full disk while writing',
    code: 'ENOSPC',
    matches: (operation) => operation.kind === 'write' && ofMerged(operation),
  },
  {
    what: 'a full disk when a file is made',
    code: 'ENOSPC',
    matches: (operation) =>
      operation.kind === 'open' && operation.mode === 'create' && ofMerged(operation),
  },
  {
    what: 'too many open files',
    code: 'EMFILE',
    matches: (operation) =>
      operation.kind === 'open' && operation.mode === 'create' && ofMerged(operation),
  },
  {
    what: 'a sync error of an output',
    code: 'EIO',
    matches: (operation) => operation.kind === 'sync' && ofMerged(operation),
  },
];

it.each(FAILURES)('$what: originals kept, error told, the next merge works', async (failure) => {
  const { code, matches } = failure;
  let failures = 0;
  for (let n = 1; n < 30; n += 1) {
    const directory = newDirectory();
    const world = new World();
    const store = await world.open(directory);
    const before = await fill(store);
    let hits = 0;
    // A full disk stays full: a merge that tries fewer segments at a time finds it full again.
    const fault = failNth(n, code, matches, code === 'ENOSPC' ? Number.POSITIVE_INFINITY : 1);
    world.fault = (operation) => {
      const error = fault(operation);
      if (error !== undefined) hits += 1;
      return error;
    };
    let failed: unknown;
    try {
      await store.merge();
    } catch (error) {
      failed = error;
    }
    world.fault = () => undefined;
    expect(await inspect(store)).toEqual(before);
    if (failed !== undefined) {
      failures += 1;
      expect(failed).toHaveProperty('name', 'CaskError');
      note(code, failed as CaskError);
      expect(store.stats().merge).toMatchObject({ failures: 1, lastError: expect.any(String) });
      expect(readdirSync(directory).filter((name) => name.endsWith('.merged'))).toEqual([]);
      expect(await store.merge()).toMatchObject({ inputs: expect.any(Number) });
      expect(await inspect(store)).toEqual(before);
    }
    await store.close();
    await expectTidy(directory, world);
    const again = await new World().open(directory);
    expect(await inspect(again)).toEqual(before);
    await again.close();
    // The hint of a sealed segment may have been hit: that fails nothing.
    if (hits === 0) break;
  }
  expect(failures).toBeGreaterThan(0);
});

it('a full disk, too many open files and a failing disk are told from bugs', () => {
  expect(Object.fromEntries([...told].map(([code, codes]) => [code, [...codes]]))).toEqual({
    ENOSPC: ['NO_SPACE'],
    EMFILE: ['TOO_MANY_OPEN_FILES'],
    EIO: ['IO_ERROR'],
  });
});

it.each([1, 2, 3])(
  '12. the worker dies at its message %i: nothing lost, the next merge works',
  async (at) => {
    const directory = newDirectory();
    const world = new World();
    const store = await world.open(directory);
    const before = await fill(store);
    let messages = 0;
    world.jobs.onAsked = (name) => {
      if (name !== 'merge') return;
      messages += 1;
      if (messages === at) throw new Error('the thread died');
    };
    await expect(store.merge()).rejects.toMatchObject({ code: 'INTERNAL' });
    world.jobs.onAsked = () => {};
    expect(await inspect(store)).toEqual(before);
    await store.merge();
    expect(await inspect(store)).toEqual(before);
    await store.close();
    await expectTidy(directory, world);
  },
);

it('a manifest that cannot be written for a merge stops the store, and nothing is lost', async () => {
  const directory = newDirectory();
  const world = new World();
  const store = await world.open(directory);
  const before = await fill(store);
  store.pauseMerge();
  const merging = store.merge();
  merging.catch(() => {});
  while (store.mergeStatus().state !== 'copying')
    await new Promise((resolve) => setImmediate(resolve));
  world.fault = failNth(1, 'EIO', ({ kind, path }) => kind === 'sync' && path.includes('MANIFEST'));
  store.resumeMerge();
  await expect(merging).rejects.toThrow();
  expect((await store.failed).code).toBe('STORE_FAILED');
  await store.close();
  const again = await new World().open(directory);
  expect(await inspect(again)).toEqual(before);
  await again.close();
});

it('a store that is closed as a merge begins leaves no job behind', async () => {
  const directory = newDirectory();
  const world = new World();
  const store = await world.open(directory);
  const before = await fill(store);
  const merging = store.merge();
  merging.catch(() => {});
  await store.close();
  await expect(merging).rejects.toMatchObject({ code: 'CLOSED' });
  expect(world.jobs.started.filter(({ isOver }) => !isOver)).toEqual([]);
  const again = await new World().open(directory);
  expect(await inspect(again)).toEqual(before);
  await again.close();
});

it.each([5, 20, 40, 80])(
  'a store that is closed %i turns into a merge leaves nothing behind',
  async (turns) => {
    const directory = newDirectory();
    const world = new World({ tickMs: 6 });
    const store = await world.open(directory);
    const before = await fill(store);
    const merging = store.merge();
    merging.catch(() => {});
    for (let turn = 0; turn < turns; turn += 1)
      await new Promise((resolve) => setImmediate(resolve));
    await store.close();
    expect(world.jobs.started.filter(({ isOver }) => !isOver)).toEqual([]);
    expect(world.fs.openCount).toBe(0);
    const again = await new World().open(directory);
    expect(await inspect(again)).toEqual(before);
    await again.close();
  },
);

it('close waits until merged-away files are gone', async () => {
  const world = new World();
  const store = await world.open(newDirectory());
  await fill(store);
  const order: string[] = [];
  let release: () => void = () => {};
  let isHeld = false;
  world.fault = ({ kind, path }) => {
    if (kind !== 'unlink' || !path.endsWith('.log') || isHeld) return undefined;
    isHeld = true;
    return new Promise((resolve) => {
      release = () => {
        order.push('unlinked');
        resolve();
      };
    });
  };
  await store.merge();
  while (!isHeld) await new Promise((resolve) => setImmediate(resolve));
  const closing = store.close().then(() => order.push('closed'));
  // Far more than a close takes that waits for nothing.
  await world.settle();
  release();
  await closing;
  expect(order).toEqual(['unlinked', 'closed']);
});
