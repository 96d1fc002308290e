/** A count of a range that goes on over many turns, while keys come and go. */

import { expect, it } from 'vitest';
import type { Patience } from '../../src/storage/patience.ts';
import { PromiseSink } from '../../src/storage/promise-sink.ts';
import type { Store } from '../../src/storage/store.ts';
import { outcomeOf } from './stage/outcome.ts';
import { Stage } from './stage/stage.ts';
import { putsOf } from './stage/writes.ts';

/** Enough for a count of several slices, with a clock that moves at each look. */
const KEYS = 40_000;
const AT_ONCE = 10_000;
const TICK_MS = 0.7;
const RANGE = { prefix: 'k', end: 'k9' };

async function openFilled(stage: Stage): Promise<Store> {
  const store = await stage.open();
  const items = putsOf('k', KEYS, '');
  for (let from = 0; from < KEYS; from += AT_ONCE) {
    await store.batch(items.slice(from, from + AT_ONCE));
  }
  await store.put('a', 'before them all');
  await stage.quiet();
  stage.clock.tickMs = TICK_MS;
  return store;
}

/** A count by itself, without anyone else: by the keys. */
async function keysWithin(store: Store): Promise<number> {
  let keys = 0;
  for await (const _ of store.range({ ...RANGE, keysOnly: true, pageSize: 10_000 })) keys += 1;
  return keys;
}

it('is exact as of its end: what comes and goes behind it counts, too', async () => {
  const stage = new Stage();
  const store = await openFilled(stage);
  const model = new Set(putsOf('k', KEYS, '').map(({ key }) => String(key)));
  const within = (): number => [...model].filter((key) => key < RANGE.end).length;
  stage.scheduler.hold();
  // A count waits for the writes called before it ends: then the model is what is committed.
  const counted: (readonly [number, number])[] = [];
  const counts = [store.count(RANGE), store.count(RANGE)].map(async (count) => {
    counted.push([await count, within()]);
  });
  const writes: Promise<unknown>[] = [];
  let turns = 0;
  await stage.stepUntil(() => {
    if (counted.length === 2) return true;
    turns += 1;
    for (let index = 0; index < 5; index += 1) {
      const key = `k${(turns * 7919 + index * 104_729) % KEYS}`;
      model.delete(key);
      model.add(`${key}-new`);
      writes.push(store.delete(key), store.put(`${key}-new`, ''));
    }
    return false;
  });
  stage.scheduler.release();
  await Promise.all([...counts, ...writes]);
  expect(turns).toBeGreaterThan(6);
  for (const [found, expected] of counted) expect(found).toBe(expected);
  expect(await keysWithin(store)).toBe(within());
});

it('ends when nobody waits for it any more, and lets the next one begin', async () => {
  const stage = new Stage();
  const store = await openFilled(stage);
  const session = store.openSession(new PromiseSink());
  const patience: Patience = { over: false, sequenced: false };
  stage.scheduler.hold();
  const given = outcomeOf(session.count(RANGE, patience));
  const next = store.count(RANGE);
  await stage.until(() => stage.scheduler.heldTasks > 0);
  patience.over = true;
  stage.scheduler.release();
  expect(await given).toBe('CANCELLED');
  expect(await next).toBe(await keysWithin(store));
});
