/** Deleting ranges while the disk is full, slow or failing, while others write, and up to a kill. */

import { expect, it } from 'vitest';
import type { Store } from '../../src/storage/store.ts';
import type { BatchItem } from '../../src/vocabulary/entry.ts';
import type { Gate } from './stage/gates.ts';
import { outcomeOf } from './stage/outcome.ts';
import { Stage } from './stage/stage.ts';
import { putsOf } from './stage/writes.ts';

const LOG = /\.log$/;
/** Groups of this size are written in the thread pool, where they can be held. */
const ASYNC_WRITE_BYTES = 300_000;
/** At each look at the clock: a chunk is some hundred keys then. */
const TICK_MS = 0.5;
const KEYS = 1500;
const PREFIX = 'k';

const ITEMS: readonly BatchItem[] = putsOf(PREFIX, KEYS, 'v');
const IN_ORDER: readonly string[] = ITEMS.map(({ key }) => String(key)).toSorted();

/** A store with `KEYS` keys of the prefix and one other, and nothing going on. */
async function openFilled(
  stage: Stage,
  options: Parameters<Stage['open']>[0] = {},
): Promise<Store> {
  stage.clock.tickMs = TICK_MS;
  const store = await stage.open(options);
  await store.put('other', '1');
  await store.batch(ITEMS);
  await stage.quiet();
  return store;
}

/** A put that is on its way to the disk, and stays there. */
async function holdPut(
  stage: Stage,
  store: Store,
  key: string,
): Promise<{ put: Promise<string>[]; write: Gate }> {
  const write = stage.gates.hold('write', LOG);
  const put = outcomeOf(store.put(key, Buffer.alloc(ASYNC_WRITE_BYTES)));
  await write.reached;
  return { put: [put], write };
}

async function keysLeft(store: Store): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.range({ prefix: PREFIX })) keys.push(key.toString());
  return keys;
}

interface Ended {
  readonly code: string;
  readonly deleted: number;
}

async function endOf(deleting: Promise<{ readonly deleted: number }>): Promise<Ended> {
  return deleting.then(
    ({ deleted }) => ({ code: 'ok', deleted }),
    ({ code, details }) => ({ code, deleted: details?.deleted }),
  );
}

it.each([
  ['commits', 'lift', KEYS - 1],
  ['fails', 'fail', KEYS],
] as const)('a newer write that is on its way and then %s', async (_, ending, deleted) => {
  const stage = new Stage();
  const store = await openFilled(stage);
  const before = await holdPut(stage, store, 'busy');
  const deleting = endOf(store.deletePrefix(PREFIX));
  const later = stage.gates.hold('write', LOG);
  const put = outcomeOf(store.put('k5', Buffer.alloc(ASYNC_WRITE_BYTES)));
  before.write.lift();
  await later.reached;
  // the first chunk is sequenced behind the put
  const { lastRevision } = store.stats();
  await stage.until(() => store.stats().lastRevision > lastRevision);
  if (ending === 'lift') later.lift();
  else later.fail('ENOSPC');
  expect(await deleting).toEqual({ code: 'ok', deleted });
  expect([await before.put[0], await put]).toEqual(['ok', ending === 'lift' ? 'ok' : 'NO_SPACE']);
  expect(await keysLeft(store)).toEqual(ending === 'lift' ? ['k5'] : []);
  expect(await store.exists('other')).toBe(true);
});

it.each([
  ['commits', 'lift', 0],
  ['fails', 'fail', 1],
] as const)('the only key, under a newer write that %s', async (_, ending, deleted) => {
  const stage = new Stage();
  const store = await openFilled(stage);
  const deleting = endOf(store.deleteRange({ start: 'k5', end: 'k5!' }));
  const { put, write } = await holdPut(stage, store, 'k5');
  await stage.quiet();
  if (ending === 'lift') write.lift();
  else write.fail('ENOSPC');
  expect(await deleting).toEqual({ code: 'ok', deleted });
  expect(await put[0]).toBe(ending === 'lift' ? 'ok' : 'NO_SPACE');
  expect(await store.count({ prefix: PREFIX })).toBe(KEYS - deleted);
});

it('spares what got a sequence that a failed write had before', async () => {
  const stage = new Stage();
  const store = await openFilled(stage);
  const { lastRevision } = store.stats();
  const { put, write } = await holdPut(stage, store, 'busy');
  const deleting = endOf(store.deletePrefix(PREFIX));
  stage.scheduler.hold();
  write.fail('EMFILE');
  expect(await put[0]).toBe('TOO_MANY_OPEN_FILES');
  const late = store.put('k-late', '1');
  await stage.stepUntil(() => store.stats().committedRevision > lastRevision);
  expect((await late).revision).toBe(lastRevision + 1);
  stage.scheduler.release();
  expect(await deleting).toEqual({ code: 'ok', deleted: KEYS });
  expect(await keysLeft(store)).toEqual(['k-late']);
});

it('goes on when a write of another is refused for want of space', async () => {
  const stage = new Stage();
  const store = await openFilled(stage);
  let struck = 0;
  const fault = stage.gates.fault('write', LOG, 'ENOSPC', () => {
    struck += 1;
    return struck === 2;
  });
  expect(await endOf(store.deletePrefix(PREFIX))).toEqual({ code: 'ok', deleted: KEYS });
  expect(fault.hits).toBe(1);
  expect(store.status).toBe('read-only');
  expect(await keysLeft(store)).toEqual([]);
});

it('ends when there is no space at all, says how far it came, and can be asked again', async () => {
  const stage = new Stage();
  const store = await openFilled(stage);
  let writes = 0;
  const fault = stage.gates.fault('write', LOG, 'ENOSPC', () => {
    writes += 1;
    return writes > 2;
  });
  const { code, deleted } = await endOf(store.deletePrefix(PREFIX));
  expect(code).toBe('NO_SPACE');
  expect(deleted).toBeGreaterThan(0);
  expect(await keysLeft(store)).toEqual(IN_ORDER.slice(deleted));
  expect(store.jobs.list()[0]).toMatchObject({ state: 'failed', done: deleted, total: KEYS });
  fault.lift();
  expect(await endOf(store.deletePrefix(PREFIX))).toEqual({ code: 'ok', deleted: KEYS - deleted });
});

it('waits while the queue of writes is long', async () => {
  const stage = new Stage();
  const store = await openFilled(stage, { maxWriteQueueBytes: 2 * ASYNC_WRITE_BYTES });
  const { lastRevision } = store.stats();
  const deleting = endOf(store.deletePrefix(PREFIX));
  const { put, write } = await holdPut(stage, store, 'busy');
  expect(store.writeQueueIsLong).toBe(true);
  await stage.quiet();
  expect(store.stats().lastRevision).toBe(lastRevision + 1);
  write.lift();
  expect(await deleting).toEqual({ code: 'ok', deleted: KEYS });
  expect(await put[0]).toBe('ok');
});

it('takes its turn behind a large batch, and deletes what that wrote', async () => {
  const stage = new Stage();
  const store = await openFilled(stage);
  const batch = store.batch(putsOf('k-batch', 5000, 'v'));
  const deleting = endOf(store.deletePrefix(PREFIX));
  const behind = store.batch(putsOf('k-behind', 3000, 'v'));
  await Promise.all([batch, behind]);
  expect(await deleting).toEqual({ code: 'ok', deleted: KEYS + 5000 });
  expect(await store.count({ prefix: PREFIX })).toBe(3000);
});

it('ends when the store is closed, which leaves a clean one', async () => {
  const stage = new Stage();
  const store = await openFilled(stage);
  const begun = Promise.withResolvers<void>();
  const onProgress = (done: number): void => {
    if (done > 0) begun.resolve();
  };
  const deleting = endOf(store.deletePrefix(PREFIX, { onProgress }));
  await begun.promise;
  await store.close();
  const { code, deleted } = await deleting;
  expect(code).toBe('CLOSED');
  expect(await outcomeOf(store.deletePrefix(PREFIX))).toBe('CLOSED');
  const reopened = await stage.open();
  expect(reopened.stats()).toMatchObject({ damage: [], opened: { clean: true } });
  expect(await keysLeft(reopened)).toEqual(IN_ORDER.slice(deleted));
});

it('fails with the store', async () => {
  const stage = new Stage();
  const store = await openFilled(stage);
  const deleting = endOf(store.deletePrefix(PREFIX));
  const fault = stage.gates.fault('datasync', LOG, 'EIO');
  const { code, deleted } = await deleting;
  fault.lift();
  expect(code).toBe('OUTCOME_UNKNOWN');
  expect(deleted).toBe(0);
  expect(store.status).toBe('failed');
  expect(await outcomeOf(store.deletePrefix(PREFIX))).toBe('STORE_FAILED');
});

it('leaves, whenever it is killed, the keys from some one on', async () => {
  const stage = new Stage();
  const store = await openFilled(stage, { segmentBytes: 170_000 });
  const images: { readonly directory: string; readonly deleted: number }[] = [];
  const onProgress = (deleted: number): void => {
    images.push({ directory: stage.image(), deleted });
  };
  expect(await endOf(store.deletePrefix(PREFIX, { onProgress }))).toMatchObject({ deleted: KEYS });
  expect(images.length).toBeGreaterThan(5);
  for (const { directory, deleted } of images) {
    const found = await stage.open({ directory });
    expect(await keysLeft(found)).toEqual(IN_ORDER.slice(deleted));
    expect(found.stats().damage).toEqual([]);
    await found.close();
  }
});
