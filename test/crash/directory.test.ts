/** What lies in the directory besides: leftovers, strangers, and what is missing. */

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { expect, it } from 'vitest';
import { closed, crashed } from './world/built.ts';
import { expectTidy, inspect, manifestOf } from './world/inspect.ts';
import type { State } from './world/journal.ts';
import { scratchDirectories } from './world/scratch.ts';
import { World } from './world/world.ts';

const newDirectory = scratchDirectories();

async function filled(directory: string): Promise<State> {
  let state: State = new Map();
  await closed(directory, async (store) => {
    for (let key = 0; key < 60; key += 1)
      await store.put(`k${key % 25}`, `${key}${'x'.repeat(400)}`);
    await store.delete('k3');
    state = await inspect(store);
  });
  return state;
}

async function expectState(directory: string, state: State): Promise<void> {
  const world = new World();
  const store = await world.open(directory);
  expect(await inspect(store)).toEqual(state);
  await store.close();
}

it('an unlisted log segment with records is set aside, whole', async () => {
  const directory = newDirectory();
  const state = await filled(directory);
  const bytes = readFileSync(`${directory}/seg-0000000001.log`);
  for (let piece = 0; piece < 2; piece += 1) {
    copyFileSync(`${directory}/seg-0000000001.log`, `${directory}/seg-0000000099.log`);
    await expectState(directory, state);
    expect(existsSync(`${directory}/seg-0000000099.log`)).toBe(false);
    expect(readFileSync(`${directory}/seg-0000000099.log.aside-${piece}`)).toEqual(bytes);
  }
});

it('an unlisted log segment without a record is removed', async () => {
  const directory = newDirectory();
  const state = await filled(directory);
  for (const length of [0, 40, 80, 1104]) {
    writeFileSync(`${directory}/seg-0000000099.log`, Buffer.alloc(length));
    await expectState(directory, state);
    expect(readdirSync(directory).filter((name) => name.includes('99'))).toEqual([]);
  }
});

it('unlisted merged segments, hints and unfinished files are removed', async () => {
  const directory = newDirectory();
  const state = await filled(directory);
  copyFileSync(`${directory}/seg-0000000001.log`, `${directory}/seg-0000000098.merged`);
  copyFileSync(`${directory}/seg-0000000001.hint`, `${directory}/seg-0000000098.hint`);
  for (const name of ['MANIFEST.tmp', 'seg-0000000097.hint.tmp', 'seg-0000000096.log.tmp']) {
    writeFileSync(`${directory}/${name}`, 'unfinished');
  }
  const world = new World();
  const store = await world.open(directory);
  expect(await inspect(store)).toEqual(state);
  await store.close();
  await expectTidy(directory, world);
});

it('what is not ours is reported and left alone', async () => {
  const directory = newDirectory();
  const state = await filled(directory);
  const names = [
    'notes.txt',
    'seg-1.log',
    'seg-0000000001.log.bak',
    'seg-00000000001.log',
    '.hidden',
  ];
  for (const name of names) writeFileSync(`${directory}/${name}`, name);
  mkdirSync(`${directory}/lost+found`);
  mkdirSync(`${directory}/seg-0000000050.log`);
  const foreign: unknown[] = [];
  const store = await new World().open(directory, {
    logger: (_, event, facts) => {
      if (event === 'foreign-file') foreign.push(facts['name']);
    },
  });
  expect(await inspect(store)).toEqual(state);
  await store.merge();
  await store.close();
  for (const name of names) expect(readFileSync(`${directory}/${name}`, 'utf8')).toBe(name);
  expect(statSync(`${directory}/lost+found`).isDirectory()).toBe(true);
  expect(foreign).toEqual(expect.arrayContaining([...names, 'lost+found']));
  await expectState(directory, state);
});

it('a lost segment refuses the open, with its name, and nothing is changed', async () => {
  const directory = newDirectory();
  const state = await filled(directory);
  const { segments } = await manifestOf(directory);
  expect(segments.length).toBeGreaterThan(2);
  for (const { id } of segments) {
    const name = `seg-${String(id).padStart(10, '0')}.log`;
    renameSync(`${directory}/${name}`, `${directory}-kept`);
    const before = readdirSync(directory).sort();
    await expect(new World().open(directory)).rejects.toMatchObject({
      code: 'MISSING_SEGMENT',
      message: expect.stringContaining(name),
    });
    expect(readdirSync(directory).sort()).toEqual(before);
    renameSync(`${directory}-kept`, `${directory}/${name}`);
  }
  await expectState(directory, state);
});

it('a lost segment of a store that crashed refuses the open, too', async () => {
  const directory = newDirectory();
  await crashed(directory, async (store) => {
    for (let key = 0; key < 60; key += 1) await store.put(`k${key}`, 'x'.repeat(400));
  });
  const open = (await manifestOf(directory)).segments.find(({ state }) => state === 'open');
  const name = `seg-${String(open?.id).padStart(10, '0')}.log`;
  rmSync(`${directory}/${name}`);
  await expect(new World().open(directory)).rejects.toMatchObject({
    code: 'MISSING_SEGMENT',
    message: expect.stringContaining(name),
  });
});

it('segments without a manifest are no store to start anew in', async () => {
  const directory = newDirectory();
  await filled(directory);
  rmSync(`${directory}/MANIFEST`);
  const before = readdirSync(directory).sort();
  await expect(new World().open(directory)).rejects.toMatchObject({ code: 'NOT_A_STORE' });
  expect(readdirSync(directory).sort()).toEqual(before);
});

it('a directory that is something else is left alone', async () => {
  const directory = newDirectory();
  mkdirSync(directory);
  writeFileSync(`${directory}/photo.jpg`, 'x');
  await expect(new World().open(directory)).rejects.toMatchObject({ code: 'NOT_A_STORE' });
  writeFileSync(`${directory}-file`, 'x');
  await expect(new World().open(`${directory}-file`)).rejects.toMatchObject({
    code: 'NOT_A_STORE',
  });
  await expect(new World().open(`${directory}/a/b`)).rejects.toMatchObject({
    code: 'DIRECTORY_MISSING',
  });
  const strict = new World().open(`${directory}-none`, { createIfMissing: false });
  await expect(strict).rejects.toMatchObject({ code: 'DIRECTORY_MISSING' });
});

it('obsolete files that a crash left are removed by the next open', async () => {
  const directory = newDirectory();
  const world = new World();
  const store = await world.open(directory);
  for (let key = 0; key < 60; key += 1) await store.put(`k${key % 10}`, 'x'.repeat(400));
  const state = await inspect(store);
  world.fault = ({ kind }) => (kind === 'unlink' ? new Promise(() => {}) : undefined);
  await store.merge();
  await world.bury();
  const { obsolete } = await manifestOf(directory);
  expect(obsolete.filter((name) => existsSync(`${directory}/${name}`)).length).toBeGreaterThan(2);
  const again = new World();
  const reopened = await again.open(directory);
  expect(await inspect(reopened)).toEqual(state);
  await reopened.close();
  await expectTidy(directory, again);
});

it('27. opening and closing without writes creates no segment, and changes nothing', async () => {
  const directory = newDirectory();
  await closed(directory, async () => {});
  expect(readdirSync(directory).filter((name) => name.startsWith('seg-'))).toEqual([]);
  const used = newDirectory();
  const state = await filled(used);
  await expectState(used, state);
  const before = readdirSync(used).map((name) => [name, statSync(`${used}/${name}`).mtimeMs]);
  await expectState(used, state);
  const after = readdirSync(used).map((name) => [name, statSync(`${used}/${name}`).mtimeMs]);
  expect(after.filter(([name]) => name !== 'LOCK')).toEqual(
    before.filter(([name]) => name !== 'LOCK'),
  );
});

it('24. ids are not reused: not of empty segments, not of merged ones', async () => {
  const directory = newDirectory();
  let highest = 0;
  const noteIds = () => {
    const ids = readdirSync(directory).map((name) => Number(/^seg-(\d+)/.exec(name)?.[1] ?? 0));
    return Math.max(0, ...ids);
  };
  for (let round = 0; round < 4; round += 1) {
    await crashed(directory, async (store) => {
      await store.put('k', String(round));
      expect(noteIds()).toBeGreaterThan(highest);
    });
    highest = noteIds();
    await closed(directory, async (store) => {
      await store.put('k', `${round} again`);
      expect(noteIds()).toBeGreaterThan(highest);
      await store.delete('k');
      await store.merge();
    });
    const { nextSegmentId } = await manifestOf(directory);
    expect(nextSegmentId).toBeGreaterThan(highest + 1);
    highest = nextSegmentId - 1;
  }
});
