/** Hints are caches: whatever is wrong with one, the state is the same, and a good one comes back. */

import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, it } from 'vitest';
import { closed, copyOf, cut, flip } from './world/built.ts';
import { inspect } from './world/inspect.ts';
import type { State } from './world/journal.ts';
import { scratchDirectories } from './world/scratch.ts';
import { World } from './world/world.ts';

const newDirectory = scratchDirectories();
const HINT = 'seg-0000000001.hint';

let built: string;
let wanted: State;

beforeAll(async () => {
  built = newDirectory();
  await closed(built, async (store) => {
    for (let round = 0; round < 2; round += 1) {
      for (let key = 0; key < 7; key += 1) await store.put(`k${key}`, `${round}.${key}`);
      await store.delete(`k${round}`);
    }
    await store.put('t', 'ttl', { ttlMs: 1e9 });
    await store.put('empty', '');
    wanted = await inspect(store);
  });
});

/** Spoils the hint of a copy, and checks the state; the hint is good again after a close. */
async function check(
  what: string,
  spoil: (hint: string) => void,
  isRejected = true,
): Promise<void> {
  const directory = copyOf(built, newDirectory());
  spoil(`${directory}/${HINT}`);
  const store = await new World().open(directory);
  expect(await inspect(store), what).toEqual(wanted);
  expect(store.stats().opened, what).toMatchObject(
    isRejected ? { byHint: 0, scanned: 1 } : { byHint: 1, scanned: 0 },
  );
  await store.close();
  if (!isRejected) return;
  expect(readFileSync(`${directory}/${HINT}`), what).toEqual(readFileSync(`${built}/${HINT}`));
}

it('a good hint is used', () => check('good', () => {}, false));

it('22. cut at any length: same state', async () => {
  const { length } = readFileSync(`${built}/${HINT}`);
  for (let bytes = 0; bytes < length; bytes += 7) {
    await check(`${bytes} bytes`, (hint) => cut(hint, bytes));
  }
});

it('22. any byte flipped: same state', async () => {
  const { length } = readFileSync(`${built}/${HINT}`);
  for (let at = 0; at < length; at += 3) {
    await check(`byte ${at}`, (hint) => flip(hint, at, 1 << (at % 8)));
  }
});

it('22. with trailing bytes: same state', async () => {
  for (const more of [1, 12, 500]) {
    await check(`${more} more`, (hint) => {
      writeFileSync(hint, Buffer.concat([readFileSync(hint), Buffer.alloc(more, 3)]));
    });
  }
});

it('22. and 23. deleted: same state, and it comes back', async () => {
  await check('deleted', (hint) => rmSync(hint));
});

it('22. of another store, or of another time: same state', async () => {
  const other = newDirectory();
  await closed(other, async (store) => {
    for (let key = 0; key < 7; key += 1) await store.put(`k${key}`, 'wrong');
  });
  await check('of another store', (hint) => copyFileSync(`${other}/${HINT}`, hint));
});

it('23. hints of all segments come back after a reopen and a close', async () => {
  const directory = newDirectory();
  let state: State = new Map();
  await closed(directory, async (store) => {
    for (let key = 0; key < 100; key += 1) await store.put(`k${key % 40}`, 'x'.repeat(400));
    state = await inspect(store);
  });
  const manifest = new World();
  const first = await manifest.open(directory);
  const { segments } = first.stats().opened;
  expect(segments).toBeGreaterThan(3);
  await first.close();
  for (let id = 1; id <= segments; id += 1) {
    rmSync(`${directory}/seg-${String(id).padStart(10, '0')}.hint`);
  }
  const second = await new World().open(directory);
  expect(second.stats().opened).toMatchObject({ byHint: 0, scanned: segments });
  expect(await inspect(second)).toEqual(state);
  await second.close();
  const third = await new World().open(directory);
  expect(third.stats().opened).toMatchObject({ byHint: segments, scanned: 0 });
  expect(await inspect(third)).toEqual(state);
  await third.close();
});

it('a hint that cannot be written fails nothing', async () => {
  const directory = newDirectory();
  const world = new World();
  const store = await world.open(directory);
  await store.put('a', '1');
  world.fault = ({ kind, path }) =>
    kind === 'open' && path.includes('.hint') ? new Error('EACCES') : undefined;
  await store.close();
  expect(existsSync(`${directory}/${HINT}`)).toBe(false);
  const again = await new World().open(directory);
  expect((await again.get('a'))?.toString()).toBe('1');
  await again.close();
  expect(existsSync(`${directory}/${HINT}`)).toBe(true);
});
