/** Reads that fail say so; they never say "absent", and never give other bytes. */

import { expect, it } from 'vitest';
import type { Operation } from '../crash/world/operation.ts';
import { scratchDirectories } from '../crash/world/scratch.ts';
import { failNth, World } from '../crash/world/world.ts';

const newDirectory = scratchDirectories();

const isLogRead = ({ kind, path }: Operation) => kind === 'read' && path.endsWith('.log');

it.each([
  { disk: 'fast', tickMs: 0 },
  { disk: 'slow', tickMs: 6 },
])('EIO on a $disk disk: IO_ERROR, and the next read is good', async ({ tickMs }) => {
  const world = new World({ tickMs });
  const store = await world.open(newDirectory());
  await store.whenIndexReady();
  await store.put('a', '1');
  await store.put('b', '2');
  const failing = [
    () => store.get('a'),
    () => store.getEntry('a'),
    () => store.getMany(['a', 'b']),
  ];
  for (const work of failing) {
    world.fault = failNth(1, 'EIO', isLogRead);
    await expect(work(), work.toString()).rejects.toMatchObject({ code: 'IO_ERROR' });
  }
  world.fault = failNth(1, 'EIO', isLogRead);
  const page = await store.rangePage();
  expect(page.entries.map(({ key }) => key.toString())).toEqual(['a', 'b']);
  expect(page.entries[0]).toMatchObject({ error: { code: 'IO_ERROR' } });
  world.fault = () => undefined;
  expect((await store.get('a'))?.toString()).toBe('1');
  expect(store.status).toBe('open');
  await store.close();
});

it('EMFILE when a segment is opened to be read: TOO_MANY_OPEN_FILES, and later it works', async () => {
  const directory = newDirectory();
  const first = await new World().open(directory);
  await first.put('a', '1');
  await first.close();
  const world = new World();
  const store = await world.open(directory, { maxOpenSegments: 2 });
  for (let count = 0; count < 60; count += 1) await store.put('filler', Buffer.alloc(1000));
  const isOpen = ({ kind, mode, path }: Operation) =>
    kind === 'open' && mode === 'read' && path.endsWith('.log');
  world.fault = failNth(1, 'EMFILE', isOpen);
  await expect(store.get('a')).rejects.toMatchObject({ code: 'TOO_MANY_OPEN_FILES' });
  expect((await store.get('a'))?.toString()).toBe('1');
  await store.close();
  expect(world.fs.openCount).toBe(0);
});

it('EMFILE when the next segment is made: the write is refused, and later it works', async () => {
  const directory = newDirectory();
  const world = new World();
  const store = await world.open(directory);
  const isCreate = ({ kind, mode, path }: Operation) =>
    kind === 'open' && mode === 'create' && path.endsWith('.log');
  world.fault = failNth(1, 'EMFILE', isCreate);
  await expect(store.put('a', '1')).rejects.toMatchObject({
    code: 'TOO_MANY_OPEN_FILES',
    retryable: true,
  });
  expect(await store.put('a', '2')).toMatchObject({ version: 1, revision: 1 });
  await store.close();
});

it.each([1, 3])(
  'EMFILE at every opening in turn, %i times: refused or put off, never the end',
  async (times) => {
    for (let n = 1; n < 25; n += 1) {
      const directory = newDirectory();
      const world = new World();
      const store = await world.open(directory);
      world.fault = failNth(n, 'EMFILE', ({ kind }) => kind === 'open', times);
      const model = new Map<string, string>();
      for (let write = 0; write < 40; write += 1) {
        const key = `k${write % 7}`;
        const value = `${write}.${'x'.repeat(300)}`;
        try {
          await store.put(key, value);
          model.set(key, value);
        } catch (error) {
          expect(error, `opening ${n}`).toHaveProperty('code', 'TOO_MANY_OPEN_FILES');
        }
      }
      await world.settle();
      expect(store.status, `opening ${n}`).toBe('open');
      world.fault = () => undefined;
      await store.close();
      const again = await new World().open(directory);
      for (const [key, value] of model) expect((await again.get(key))?.toString()).toBe(value);
      await again.close();
    }
  },
);

it('EMFILE or EIO in the opening of a store: it says so, and releases the lock', async () => {
  const directory = newDirectory();
  const first = await new World().open(directory);
  await first.put('a', '1');
  await first.close();
  for (const code of ['EMFILE', 'EIO', 'ENOSPC']) {
    for (let n = 1; n < 100; n += 1) {
      const world = new World();
      // Of hints an error would be just as good a reason to scan.
      world.fault = failNth(n, code, ({ kind }) => kind !== 'lock' && kind !== 'close');
      let store: Awaited<ReturnType<World['open']>>;
      try {
        store = await world.open(directory);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        expect(error).not.toMatchObject({ code: 'NOT_A_STORE' });
        await world.bury();
        continue;
      }
      world.fault = () => undefined;
      expect((await store.get('a'))?.toString()).toBe('1');
      await store.close();
      if (world.operations < n) break;
    }
  }
  const last = await new World().open(directory);
  expect((await last.get('a'))?.toString()).toBe('1');
  await last.close();
});
