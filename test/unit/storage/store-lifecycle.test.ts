/** Opening, closing and options of a store, apart from what it holds. */

import { expect, it } from 'vitest';
import { inspect } from '../../crash/world/inspect.ts';
import { scratchDirectories } from '../../crash/world/scratch.ts';
import { World } from '../../crash/world/world.ts';

const newDirectory = scratchDirectories();

it.each([0, 1, 2, 3, 5, 8, 13, 21, 34])(
  'closed %i turns after writes and a merge began: nothing goes on behind it',
  async (turns) => {
    for (const tickMs of [0, 6]) {
      const directory = newDirectory();
      const world = new World({ tickMs });
      const store = await world.open(directory);
      for (let key = 0; key < 40; key += 1) await store.put(`k${key % 9}`, 'x'.repeat(500));
      const asked = Array.from({ length: 12 }, (_, key) => store.put(`n${key}`, 'y'.repeat(900)));
      asked.push(store.merge().then(() => store.put('z', 'after the merge')));
      const outcomes = Promise.allSettled(asked);
      for (let turn = 0; turn < turns; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      await store.close();
      const { operations } = world;
      await outcomes;
      await world.settle();
      expect(world.operations).toBe(operations);
      expect(world.fs.openCount).toBe(0);
      expect(world.jobs.started.filter(({ isOver }) => !isOver)).toEqual([]);
      const again = await new World().open(directory);
      const state = await inspect(again);
      expect(again.stats().opened.clean).toBe(true);
      // What was sequenced before the close was committed by it.
      for (let key = 0; key < 12; key += 1) expect(state.has(`n${key}`)).toBe(true);
      await again.close();
    }
  },
);

it('close is idempotent, and everything is refused afterwards', async () => {
  const store = await new World().open(newDirectory());
  await store.put('a', '1');
  await Promise.all([store.close(), store.close()]);
  await store.close();
  expect(store.status).toBe('closed');
  for (const work of [
    () => store.put('a', '2'),
    () => store.delete('a'),
    () => store.batch([{ type: 'put', key: 'a', value: '2' }]),
    () => store.get('a'),
    () => store.getEntry('a'),
    () => store.getMany(['a']),
    () => store.exists('a'),
    () => store.count(),
    () => store.rangePage(),
    () => store.merge(),
  ]) {
    await expect(work(), work.toString()).rejects.toMatchObject({ code: 'CLOSED' });
  }
});

it('a sync of a closed store is refused', async () => {
  const store = await new World().open(newDirectory());
  await store.put('a', '1');
  await store.close();
  await expect(store.sync()).rejects.toMatchObject({ code: 'CLOSED' });
});

it('a store opened with smaller segments than it was written with keeps everything', async () => {
  const directory = newDirectory();
  const large = await new World().open(directory, { segmentBytes: 1 << 18 });
  for (let key = 0; key < 12; key += 1) await large.put(`k${key}`, `${key}`.repeat(5000));
  await large.delete('k3');
  const state = await inspect(large);
  await large.close();
  const small = await new World().open(directory);
  expect(await inspect(small)).toEqual(state);
  await small.merge();
  expect(await inspect(small)).toEqual(state);
  await small.put('k4', 'small');
  await small.close();
  const again = await new World().open(directory);
  expect((await inspect(again)).size).toBe(state.size);
  await again.close();
});

it('every wrong option is named', async () => {
  const opening = new World().open(newDirectory(), {
    segmentBytes: 100,
    maxKeyBytes: 0,
    cacheBytes: -1,
  });
  await expect(opening).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringMatching(/segmentBytes.*maxKeyBytes.*cacheBytes/),
  });
});
