/** Reads leave threads to writes that need them, and take them when no write does. */

import { expect, it } from 'vitest';
import { outcomesOf } from './stage/outcome.ts';
import { Stage } from './stage/stage.ts';

/** Records of this size are read in the thread pool, where they can be held. */
const ASYNC_READ_BYTES = 100_000;
/** One of this size is written there. */
const ASYNC_WRITE_BYTES = 1_000_000;
const KEYS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];

it('fewer than half are let in until a write is through and a moment has passed', async () => {
  const stage = new Stage();
  const store = await stage.open({ maxReadsInFlight: 8, cacheBytes: 0 });
  for (const key of KEYS) await store.put(key, Buffer.alloc(ASYNC_READ_BYTES, key));
  const inFlight = () => store.stats().limits['maxReadsInFlight']?.current;

  stage.clock.pass(1000);
  const write = stage.gates.hold('write', /\.log$/);
  const put = outcomesOf([store.put('large', Buffer.alloc(ASYNC_WRITE_BYTES))]);
  await write.reached;
  const read = stage.gates.hold('read', /\.log$/);
  const first = outcomesOf(KEYS.map((key) => store.get(key)));
  await read.reached;
  expect(inFlight()).toBe(2);
  write.lift();
  expect(await put).toEqual(['ok']);
  read.lift();
  expect(await first).toEqual(KEYS.map(() => 'ok'));

  const soon = stage.gates.hold('read', /\.log$/);
  const next = outcomesOf(KEYS.map((key) => store.get(key)));
  await soon.reached;
  expect(inFlight()).toBe(2);
  soon.lift();
  expect(await next).toEqual(KEYS.map(() => 'ok'));

  stage.clock.pass(1000);
  const again = stage.gates.hold('read', /\.log$/);
  const second = outcomesOf(KEYS.map((key) => store.get(key)));
  await again.reached;
  expect(inFlight()).toBe(8);
  again.lift();
  expect(await second).toEqual(KEYS.map(() => 'ok'));
});
