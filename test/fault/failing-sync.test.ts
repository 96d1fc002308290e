/** Rule 6: after an error of a sync nothing is retried, nothing acknowledged, and all are told. */

import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspect } from '../crash/world/inspect.ts';
import type { Operation } from '../crash/world/operation.ts';
import { scratchDirectories } from '../crash/world/scratch.ts';
import { failNth, World } from '../crash/world/world.ts';

const newDirectory = scratchDirectories();

const isLogSync = ({ kind, path }: Operation) => kind === 'datasync' && path.endsWith('.log');

describe.each([
  { disk: 'fast', tickMs: 0 },
  { disk: 'slow', tickMs: 6 },
])('on a $disk disk', ({ tickMs }) => {
  it('39. every waiter of the group is told, the store fails, nothing is tried again', async () => {
    const directory = newDirectory();
    const world = new World({ tickMs });
    const store = await world.open(directory);
    await store.put('a', '1');
    await store.put('b', '1');
    let syncs = 0;
    const fault = failNth(1, 'EIO', isLogSync, 1e9);
    world.fault = (operation) => {
      if (isLogSync(operation)) syncs += 1;
      return fault(operation);
    };
    const outcomes = await Promise.allSettled([
      store.put('a', '2'),
      store.put('c', '1', { ifAbsent: true }),
      store.put('c', '2', { ifAbsent: true }),
      store.delete('b'),
      store.batch([{ type: 'put', key: 'd', value: '1' }]),
      store.get('a'),
      store.rangePage(),
    ]);
    for (const outcome of outcomes) {
      expect(outcome.status).toBe('rejected');
      const code = outcome.status === 'rejected' ? outcome.reason.code : '';
      expect(['OUTCOME_UNKNOWN', 'NOT_APPLIED', 'STORE_FAILED']).toContain(code);
    }
    expect(outcomes[0]).toMatchObject({ reason: { code: 'OUTCOME_UNKNOWN' } });
    expect((await store.failed).code).toBe('STORE_FAILED');
    expect(store.status).toBe('failed');
    for (const work of [
      () => store.put('x', 'x'),
      () => store.delete('a'),
      () => store.batch([{ type: 'delete', key: 'a' }]),
      () => store.get('a'),
      () => store.getMany(['a']),
      () => store.exists('a'),
      () => store.count(),
      () => store.rangePage(),
      () => store.sync(),
    ]) {
      await expect(work(), work.toString()).rejects.toMatchObject({ code: 'STORE_FAILED' });
    }
    expect(syncs).toBe(1);
    await store.close();
    expect(syncs).toBe(1);
    await world.bury();
    const again = await new World().open(directory);
    const state = await inspect(again);
    expect(['1', '2']).toContain(state.get('a')?.value);
    await again.close();
  });

  it('the group is unknown, what was still gathering was not applied', async () => {
    const world = new World({ tickMs: 6 });
    const store = await world.open(newDirectory());
    await store.put('a', '1');
    await store.put('a', '2');
    let release: () => void = () => {};
    let isHeld = false;
    world.fault = (operation) => {
      if (!isLogSync(operation)) return undefined;
      isHeld = true;
      return new Promise((_, reject) => {
        release = () => reject(Object.assign(new Error('EIO'), { code: 'EIO' }));
      });
    };
    const first = store.put('a', '3');
    first.catch(() => {});
    while (!isHeld) await new Promise((resolve) => setImmediate(resolve));
    const second = store.put('a', '4');
    second.catch(() => {});
    release();
    await expect(first).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await expect(second).rejects.toMatchObject({ code: 'NOT_APPLIED' });
    await store.close();
  });
});

it.each(['interval', 'os'] as const)(
  'a sync in the background fails in mode %s',
  async (durability) => {
    const world = new World();
    const store = await world.open(newDirectory(), { durability });
    await store.put('a', '1');
    world.fault = failNth(1, 'EIO', isLogSync);
    await store.put('a', '2');
    if (durability === 'interval') world.pass(1000);
    else await expect(store.sync()).rejects.toThrow();
    expect((await store.failed).code).toBe('STORE_FAILED');
    await expect(store.put('a', '3')).rejects.toMatchObject({ code: 'STORE_FAILED' });
    await store.close();
  },
);

it('a merge of a store that failed says so', async () => {
  const world = new World();
  const store = await world.open(newDirectory());
  await store.put('a', '1');
  world.fault = failNth(1, 'EIO', isLogSync);
  await expect(store.put('a', '2')).rejects.toThrow();
  await expect(store.merge()).rejects.toMatchObject({ code: 'STORE_FAILED' });
  await store.close();
});

it('a store that failed does nothing more to its files once it is closed', async () => {
  const directory = newDirectory();
  const world = new World();
  const store = await world.open(directory);
  let release: () => void = () => {};
  const fault = failNth(1, 'EIO', isLogSync);
  // The next segment is being made ready when the log fails.
  world.fault = (operation) => {
    const { kind, path } = operation;
    if (kind !== 'sync' || !path.endsWith('0000000002.log')) return fault(operation);
    return new Promise((resolve) => {
      release = resolve;
    });
  };
  await expect(store.put('a', '1')).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  const after: string[] = [];
  const closing = store.close().then(() => {
    world.fault = ({ kind, path }) => {
      after.push(`${kind} ${basename(path)}`);
      return undefined;
    };
  });
  await world.settle();
  release();
  await closing;
  await world.settle();
  expect(after).toEqual([]);
  expect(world.fs.openCount).toBe(0);
});

it('a store that failed and was closed does not undo what its successor writes', async () => {
  const directory = newDirectory();
  const world = new World();
  const store = await world.open(directory);
  let release: () => void = () => {};
  const fault = failNth(1, 'EIO', isLogSync);
  world.fault = (operation) => {
    const { kind, path } = operation;
    if (kind !== 'sync' || !path.endsWith('0000000002.log')) return fault(operation);
    return new Promise((resolve) => {
      release = resolve;
    });
  };
  await expect(store.put('a', '1')).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  const closing = store.close();
  await world.settle();
  const isWaiting = await Promise.race([closing.then(() => false), nextTurn().then(() => true)]);
  if (isWaiting) release();
  await closing;
  const next = new World();
  const successor = await next.open(directory);
  for (let key = 0; key < 20; key += 1) await successor.put(`k${key}`, 'x'.repeat(900));
  // The successor's own last manifest is written.
  await next.settle();
  release();
  await world.settle();
  await next.bury();
  const last = await new World().open(directory);
  expect((await inspect(last)).has('k0')).toBe(true);
  await last.close();
});

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

it('an error of a write that is not about space stops the store', async () => {
  const directory = newDirectory();
  const world = new World();
  const store = await world.open(directory);
  await store.put('a', '1');
  world.fault = failNth(1, 'EIO', ({ kind, path }) => kind === 'write' && path.endsWith('.log'));
  await expect(store.put('a', '2')).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  expect(store.status).toBe('failed');
  await store.close();
  const again = await new World().open(directory);
  expect((await inspect(again)).get('a')?.value).toBe('1');
  await again.close();
});

it('when what a full disk left behind cannot be cut off, the store stops', async () => {
  const world = new World();
  const store = await world.open(newDirectory());
  await store.put('a', '1');
  await store.put('b', '1');
  world.fault = (operation) => {
    const { kind, path } = operation;
    if (!path.endsWith('.log')) return undefined;
    if (kind === 'write') return Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' });
    if (kind === 'truncate') return Object.assign(new Error('EIO'), { code: 'EIO' });
    return undefined;
  };
  await expect(store.put('a', '2')).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  expect((await store.failed).code).toBe('STORE_FAILED');
  await store.close();
});
