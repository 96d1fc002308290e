/** The end of an unsealed log: whatever lies behind the last whole group is cut, nothing before it. */

import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { copyOf, crashed, cut, flip, overwrite, segmentsOf } from './world/built.ts';
import { inspect } from './world/inspect.ts';
import type { State } from './world/journal.ts';
import { scratchDirectories } from './world/scratch.ts';
import { World } from './world/world.ts';

const newDirectory = scratchDirectories();

interface Built {
  readonly directory: string;
  readonly log: string;
  /** After each acknowledged write: where the log ended then, and what the state was. */
  readonly stages: readonly { readonly end: number; readonly state: State }[];
}

async function build(): Promise<Built> {
  const directory = newDirectory();
  const stages: { end: number; state: State }[] = [];
  await crashed(directory, async (store) => {
    const note = async () => {
      const { bytes, segments } = store.stats().log;
      // The segment that is prepared ahead has its header.
      stages.push({ end: bytes - 80 * (segments - 1), state: await inspect(store) });
    };
    await store.put('a', '1');
    await note();
    await store.put('b', 'two');
    await note();
    await store.batch([
      { type: 'put', key: 'a', value: '3' },
      { type: 'delete', key: 'b' },
      { type: 'put', key: 'c', value: '4' },
    ]);
    await note();
    await store.delete('c');
    await note();
    await Promise.all([store.put('d', '5'), store.put('e', '6')]);
    await note();
  });
  const [segment] = await segmentsOf(directory);
  return { directory, log: segment?.path.slice(directory.length + 1) as string, stages };
}

/** @param twice look again after closing */
async function stateOf(directory: string, twice = true): Promise<State> {
  const store = await new World().open(directory);
  const state = await inspect(store);
  if (!twice) return state;
  await store.close();
  const again = await new World().open(directory);
  expect(await inspect(again)).toEqual(state);
  expect(again.stats().opened.clean).toBe(true);
  await again.close();
  return state;
}

/** The states that a log which is good up to `end` may have: by the last whole group, or record. */
function expected(built: Built, end: number): State {
  return built.stages.findLast((stage) => stage.end <= end)?.state ?? new Map();
}

it('16. and 35. cut at every byte offset: a batch is whole or absent', async () => {
  const built = await build();
  const last = built.stages.at(-1)?.end as number;
  for (let end = 80; end <= last; end += 1) {
    const directory = copyOf(built.directory, newDirectory());
    cut(`${directory}/${built.log}`, end);
    const state = await stateOf(directory, end % 9 === 0);
    // The two puts of the last group are separate writes: the first may survive alone.
    const wanted = new Map(expected(built, end));
    if (state.has('d') && end < last) wanted.set('d', { value: '5', version: 1 });
    expect(state, `cut at ${end}`).toEqual(wanted);
  }
});

it('15. a zeroed tail from any offset on is torn', async () => {
  const built = await build();
  const last = built.stages.at(-1)?.end as number;
  for (let end = 80; end <= last; end += 4) {
    const directory = copyOf(built.directory, newDirectory());
    overwrite(`${directory}/${built.log}`, end, new Uint8Array(last - end));
    const state = await stateOf(directory, end % 9 === 0);
    const wanted = new Map(expected(built, end));
    if (state.has('d') && end < last) wanted.set('d', { value: '5', version: 1 });
    expect(state, `zero from ${end}`).toEqual(wanted);
  }
});

it.each([1, 7, 43, 44, 45, 100, 700])(
  '17. %i bytes of junk at the tail are cut and kept',
  async (bytes) => {
    const built = await build();
    const { end, state } = built.stages.at(-1) as Built['stages'][number];
    const directory = copyOf(built.directory, newDirectory());
    const junk = Buffer.alloc(bytes, 0xa7);
    overwrite(`${directory}/${built.log}`, end, junk);
    expect(await stateOf(directory)).toEqual(state);
    const torn = readdirSync(directory).filter((name) => name.includes('.torn-'));
    expect(torn).toHaveLength(1);
    expect(readFileSync(`${directory}/${torn[0]}`)).toEqual(junk);
  },
);

it('a tail of a record that is good but not next is cut, too', async () => {
  const built = await build();
  const { end, state } = built.stages.at(-1) as Built['stages'][number];
  const directory = copyOf(built.directory, newDirectory());
  const path = `${directory}/${built.log}`;
  // A copy of an earlier record: its checksum is of another place.
  overwrite(path, end, readFileSync(path).subarray(80, 80 + 60));
  expect(await stateOf(directory)).toEqual(state);
});

it('what a record with a cut value proves durable is damage when it is gone, not a torn tail', async () => {
  const directory = newDirectory();
  await crashed(directory, async (store) => {
    await store.put('a', 'first');
    await store.put('b', 'x'.repeat(400));
    await store.put('c', 'y'.repeat(1000));
  });
  const [segment] = await segmentsOf(directory);
  const [, b, c] = segment?.records ?? [];
  const path = segment?.path as string;
  flip(path, (b?.valueStart as number) + 200);
  cut(path, (c?.valueStart as number) + 500);
  const store = await new World().open(directory);
  await expect(store.get('b')).rejects.toMatchObject({ code: 'CORRUPT' });
  expect(await store.get('c')).toBeUndefined();
  expect(store.stats().reads.corrupt).toBe(1);
  await store.close();
});

it('revisions jump after an unclean start, and only then', async () => {
  const { directory } = await build();
  const world = new World();
  const store = await world.open(directory);
  const seen = store.stats().lastRevision;
  expect(seen).toBeGreaterThanOrEqual(2 ** 25);
  expect((await store.put('x', '1')).revision).toBe(seen + 1);
  await store.close();
  const again = await new World().open(directory);
  expect((await again.put('x', '2')).revision).toBe(seen + 2);
  await again.close();
});

it('29. a value that is a copy of the log survives, and is never taken for records', async () => {
  const directory = newDirectory();
  let copy = Buffer.alloc(0);
  await crashed(
    directory,
    async (store) => {
      await store.put('a', '1');
      await store.put('b', '2');
      await store.delete('a');
      const [segment] = await segmentsOf(directory);
      copy = readFileSync(segment?.path as string).subarray(0, 1000);
      await store.put('copy', copy);
      await store.put('records', copy.subarray(80));
      await store.put('zeros', Buffer.alloc(500));
    },
    { segmentBytes: 64 << 10 },
  );
  const [segment] = await segmentsOf(directory);
  const at = segment?.records.find(({ key }) => key === 'copy');
  for (const spoil of [false, true]) {
    const target = copyOf(directory, newDirectory());
    const path = `${target}/${segment?.path.split('/').at(-1)}`;
    // Cut within the value: what lies in it must not come back as records.
    if (spoil) cut(path, (at?.valueStart as number) + 700);
    const store = await new World().open(target);
    const state = await inspect(store);
    expect([...state.keys()]).toEqual(spoil ? ['b'] : ['b', 'copy', 'records', 'zeros']);
    if (!spoil) expect(await store.get('copy')).toEqual(copy);
    await store.merge();
    if (!spoil) expect(await store.get('records')).toEqual(copy.subarray(80));
    await store.close();
  }
});
