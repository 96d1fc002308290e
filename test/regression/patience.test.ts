/** What a caller that waits no more leaves behind: nothing held, and nothing done that was not begun. */

import { expect, it } from 'vitest';
import type { Patience } from '../../src/storage/patience.ts';
import { PromiseSink } from '../../src/storage/promise-sink.ts';
import type { ReplySink } from '../../src/storage/reply-sink.ts';
import type { Store } from '../../src/storage/store.ts';
import { outcomeOf } from './stage/outcome.ts';
import { Stage } from './stage/stage.ts';
import { putsOf } from './stage/writes.ts';

/** Records of this size are read in the thread pool, where they can be held. */
const ASYNC_READ_BYTES = 100_000;
const ITEMS = 10_000;

function patience(): Patience {
  return { over: false, sequenced: false };
}

async function storeWithPages(stage: Stage): Promise<Store> {
  const store = await stage.open({ maxReadsInFlight: 1 });
  for (const key of ['a', 'b', 'c']) await store.put(key, Buffer.alloc(ASYNC_READ_BYTES, key));
  return store;
}

it('a page that nobody waits for reads no further, and gives back memory and pins', async () => {
  const stage = new Stage();
  const store = await storeWithPages(stage);
  const session = store.openSession(new PromiseSink());
  const read = stage.gates.hold('read', /\.log$/);
  const before = stage.gates.count('read', /\.log$/);
  const waiting = patience();
  const page = outcomeOf(session.range({}, waiting));
  await read.reached;
  expect(store.stats().limits['maxPageBytesInFlight']?.current).toBeGreaterThan(
    3 * ASYNC_READ_BYTES,
  );
  waiting.over = true;
  read.lift();
  expect(await page).toBe('CANCELLED');
  // the two reads that waited for the one slot were never begun
  expect(stage.gates.count('read', /\.log$/)).toBe(before + 1);
  expect(store.stats().limits['maxPageBytesInFlight']?.current).toBe(0);
  expect(store.stats().limits['maxReadBytesInFlight']?.current).toBe(0);
  // nothing pins the segment: a merge removes its file
  await store.delete('a');
  await store.merge();
  await stage.quiet();
  expect(stage.files(/^seg-0000000001\.log$/)).toEqual([]);
});

it('pages wait for each other when memory is short, and all are served', async () => {
  const stage = new Stage();
  const store = await stage.open({ maxPageBytesInFlight: 1024 * 1024, maxValueBytes: 1000_000 });
  for (const key of ['a', 'b']) await store.put(key, Buffer.alloc(ASYNC_READ_BYTES, key));
  const pages = await Promise.all(Array.from({ length: 20 }, () => store.rangePage({})));
  expect(pages.map(({ entries }) => entries.length)).toEqual(pages.map(() => 2));
  const { limit, current, high, reached } = store.stats().limits['maxPageBytesInFlight'] ?? {};
  expect(current).toBe(0);
  expect(reached).toBe(19);
  // one page is always served: what it may take at most is more than this little memory
  expect(high).toBeGreaterThan(limit ?? 0);
});

it('a batch whose turn comes too late is not applied; one that is sequenced is', async () => {
  const stage = new Stage();
  stage.clock.tickMs = 0.5;
  const store = await stage.open();
  await store.put('first', '1');
  const session = store.openSession(new PromiseSink());
  stage.scheduler.hold();
  const [early, late] = [patience(), patience()];
  const large = outcomeOf(session.batch(putsOf('k', ITEMS, 'x'), early));
  const behind = outcomeOf(session.batch(putsOf('late', 3, 'y'), late));
  await stage.stepUntil(() => early.sequenced);
  expect(late.sequenced).toBe(false);
  early.over = true;
  late.over = true;
  stage.scheduler.release();
  expect([await large, await behind]).toEqual(['ok', 'CANCELLED']);
  expect(store.stats().keys).toBe(1 + ITEMS);
});

it('a put that waits behind a large batch is dropped when nobody waits for it', async () => {
  const stage = new Stage();
  stage.clock.tickMs = 0.5;
  const store = await stage.open();
  await store.put('first', '1');
  const deferred: number[] = [];
  const answered: number[] = [];
  const gaveUp = new Set([1]);
  const sink = {
    onPut: (token: number) => answered.push(token),
    onDeferred: (token: number) => deferred.push(token),
    mayBegin: (token: number) => !gaveUp.has(token),
  } as unknown as ReplySink;
  const session = store.openSession(sink);
  stage.scheduler.hold();
  const large = outcomeOf(store.batch(putsOf('k', ITEMS, 'x')));
  await stage.stepUntil(() => store.stats().lastRevision > 1);
  const bytes = Buffer.from('12');
  for (const token of [0, 1]) session.put(bytes, token, 1, bytes, 0, 1, -1, 0, token);
  expect(deferred).toEqual([0, 1]);
  stage.scheduler.release();
  await large;
  await store.sync();
  expect(answered).toEqual([0]);
  expect(await store.get('1')).toEqual(Buffer.from('1'));
  expect(await store.get('2')).toBeUndefined();
});
