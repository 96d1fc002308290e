/** Reads leave threads to writes that need them, and take them when no write does. */

import { expect, it } from 'vitest';
import type { Store } from '../../src/storage/store.ts';
import { outcomesOf } from './stage/outcome.ts';
import { Stage } from './stage/stage.ts';

/** Records of this size are read in the thread pool, where they can be held. */
const ASYNC_READ_BYTES = 100_000;
/** One of this size is written there. */
const ASYNC_WRITE_BYTES = 1_000_000;
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];

/** Reads all keys. @returns how many of the reads were let into the pool at once */
async function readAll(stage: Stage, store: Store): Promise<number | undefined> {
  const gate = stage.gates.hold('read', /\.log$/);
  const reads = outcomesOf(KEYS.map((key) => store.get(key)));
  await gate.reached;
  const inFlight = store.stats().limits['maxReadsInFlight']?.current;
  gate.lift();
  expect(await reads).toEqual(KEYS.map(() => 'ok'));
  return inFlight;
}

it('fewer than half are let in until a write is through and a moment has passed', async () => {
  const stage = new Stage();
  const store = await stage.open({ maxReadsInFlight: 8, cacheBytes: 0 });
  for (const key of KEYS) await store.put(key, Buffer.alloc(ASYNC_READ_BYTES, key));

  stage.clock.pass(1000);
  expect(await readAll(stage, store)).toBe(8);
  const write = stage.gates.hold('write', /\.log$/);
  const put = outcomesOf([store.put('large', Buffer.alloc(ASYNC_WRITE_BYTES))]);
  await write.reached;
  expect(await readAll(stage, store)).toBe(2);
  write.lift();
  expect(await put).toEqual(['ok']);
  expect(await readAll(stage, store)).toBe(2);
  stage.clock.pass(1000);
  expect(await readAll(stage, store)).toBe(8);
});
