/** What goes on while a large batch is sequenced, or applied, over many turns of the loop. */

import { expect, it } from 'vitest';
import { PromiseSink } from '../../src/storage/promise-sink.ts';
import type { Session } from '../../src/storage/session.ts';
import type { Store } from '../../src/storage/store.ts';
import type { BatchItem } from '../../src/vocabulary/entry.ts';
import type { Gate } from './stage/gates.ts';
import { outcomeOf, outcomesOf } from './stage/outcome.ts';
import { Stage, turn } from './stage/stage.ts';
import { missing, putsOf } from './stage/writes.ts';

/** Groups of this size are written in the thread pool, where they can be held. */
const ASYNC_WRITE_BYTES = 300_000;
const ITEMS = 10_000;
/** At each look at the clock: a slice of a batch is some hundred items then. */
const TICK_MS = 0.5;

/** A store that has one key, and whose next segment is ready. */
async function openSliced(stage: Stage): Promise<Store> {
  stage.clock.tickMs = TICK_MS;
  const store = await stage.open();
  await store.put('first', '1');
  await stage.quiet();
  return store;
}

interface BusyWrite {
  readonly put: Promise<string>;
  readonly write: Gate;
}

/** A put that is on its way to the disk, and stays there. */
async function holdWrite(stage: Stage, store: Store): Promise<BusyWrite> {
  const write = stage.gates.hold('write', /\.log$/);
  const put = outcomeOf(store.put('busy', Buffer.alloc(ASYNC_WRITE_BYTES)));
  await write.reached;
  return { put, write };
}

/** A batch of which a part is sequenced; the scheduler is held. */
async function beginBatch(
  stage: Stage,
  store: Store,
  items: readonly BatchItem[],
): Promise<Promise<string>[]> {
  const { lastRevision } = store.stats();
  stage.scheduler.hold();
  const batch = outcomeOf(store.batch(items));
  await stage.stepUntil(() => store.stats().lastRevision > lastRevision);
  expect(store.stats().lastRevision).toBeLessThan(lastRevision + items.length);
  return [batch]; // in an array: not to be awaited here
}

it('takes sync() amid a large batch and keeps the batch and the writes behind it whole', async () => {
  const stage = new Stage();
  const store = await openSliced(stage);
  const { put, write } = await holdWrite(stage, store);
  const items = putsOf('k', ITEMS, 'x'.repeat(100));
  const [batch] = await beginBatch(stage, store, items);
  const sync = outcomeOf(store.sync());
  const behind = putsOf('z', 200, 'zzz');
  const puts = outcomesOf(behind.map(({ key }) => store.put(key, 'zzz')));
  stage.scheduler.release();
  await stage.until(() => store.stats().lastRevision === 2 + ITEMS + 200);
  write.lift();
  expect([await put, await batch, await sync]).toEqual(['ok', 'ok', 'ok']);
  expect(new Set(await puts)).toEqual(new Set(['ok']));
  expect(await missing(store, [...items, ...behind])).toEqual([]);
  expect(store.status).toBe('open');
});

it('takes merge() by hand amid a large batch', async () => {
  const stage = new Stage();
  const store = await openSliced(stage);
  const items = putsOf('k', ITEMS, 'x');
  const [batch] = await beginBatch(stage, store, items);
  const merge = outcomeOf(store.merge());
  await turn();
  stage.scheduler.release();
  expect([await batch, await merge]).toEqual(['ok', 'ok']);
  expect(store.status).toBe('open');
  expect(await missing(store, items)).toEqual([]);
});

it('refuses what waits behind a batch when it is closed, and leaves a clean store', async () => {
  const stage = new Stage();
  const store = await openSliced(stage);
  const items = putsOf('k', 3000, 'x');
  const [batch] = await beginBatch(stage, store, items);
  const puts = outcomesOf(putsOf('late', 50, 'v').map(({ key }) => store.put(key, 'v')));
  const closed = outcomeOf(store.close());
  stage.scheduler.release();
  expect([await batch, await closed]).toEqual(['ok', 'ok']);
  const outcomes = await puts;
  const reopened = await stage.open();
  expect(reopened.stats()).toMatchObject({ damage: [], opened: { clean: true } });
  expect(await missing(reopened, items)).toEqual([]);
  expect(new Set(outcomes)).toEqual(new Set(['CLOSED']));
  expect(reopened.stats().keys).toBe(3001);
});

it('refuses a batch that is amid its conditions, and what waits behind it, when closed', async () => {
  const stage = new Stage();
  const store = await openSliced(stage);
  stage.scheduler.hold();
  const batch = outcomeOf(store.batch(putsOf('k', ITEMS, 'x')));
  await stage.until(() => stage.scheduler.heldTasks > 0);
  const puts = outcomesOf(putsOf('late', 50, 'v').map(({ key }) => store.put(key, 'v')));
  const closed = outcomeOf(store.close());
  stage.scheduler.release();
  expect([await batch, await closed]).toEqual(['CLOSED', 'ok']);
  expect(new Set(await puts)).toEqual(new Set(['CLOSED']));
  const reopened = await stage.open();
  expect(reopened.stats()).toMatchObject({ keys: 1, damage: [], opened: { clean: true } });
});

it('closes when a write before a batch that is being sequenced has failed', async () => {
  const stage = new Stage();
  const store = await openSliced(stage);
  const { put, write } = await holdWrite(stage, store);
  const [batch] = await beginBatch(stage, store, putsOf('k', ITEMS, 'x'));
  write.fail('ENOSPC');
  expect(await put).toBe('NO_SPACE');
  stage.scheduler.release();
  expect(await batch).toBe('NOT_APPLIED');
  expect(store.stats().writes.queuedBytes).toBe(0);
  expect(await outcomeOf(store.close())).toBe('ok');
  const reopened = await stage.open();
  expect(reopened.stats()).toMatchObject({ keys: 1, opened: { clean: true } });
});

it('applies no batch whose condition was met by a write that failed meanwhile', async () => {
  const stage = new Stage();
  const store = await openSliced(stage);
  const { put, write } = await holdWrite(stage, store);
  stage.scheduler.hold();
  const ofBusy: BatchItem = { type: 'put', key: 'busy', value: 'second', ifPresent: true };
  const rest = putsOf('k', ITEMS - 1, 'x').map(
    (item) => ({ ...item, ifAbsent: true }) as BatchItem,
  );
  const batch = outcomeOf(store.batch([ofBusy, ...rest]));
  await stage.until(() => stage.scheduler.heldTasks > 0); // it is amid its conditions
  expect(store.stats().lastRevision).toBe(2);
  write.fail('ENOSPC');
  expect(await put).toBe('NO_SPACE');
  stage.scheduler.release();
  expect(await batch).toBe('NOT_APPLIED');
  expect(store.stats()).toMatchObject({ keys: 1, lastRevision: 1 });
  expect(await store.get('busy')).toBeUndefined();
});

interface Reader {
  readonly session: Session;
  readonly sink: PromiseSink;
}

function openReader(store: Store): Reader {
  const sink = new PromiseSink();
  return { session: store.openSession(sink), sink };
}

function get({ session, sink }: Reader, key: string): Promise<unknown> {
  const bytes = Buffer.from(key);
  return sink.ask((token) => session.get(bytes, 0, bytes.length, token));
}

it('answers whoever waits behind a half-applied batch when the store stops', async () => {
  const stage = new Stage();
  stage.clock.tickMs = TICK_MS;
  const store = await stage.open({ durability: 'interval', syncIntervalMs: 1000 });
  await store.put('first', '1');
  await stage.quiet();
  stage.scheduler.hold();
  const batch = outcomeOf(store.batch(putsOf('k', ITEMS / 2, 'x')));
  const { committedRevision } = store.stats();
  await stage.stepUntil(() => store.stats().committedRevision > committedRevision);
  expect(store.stats().committedRevision).toBeLessThan(committedRevision + ITEMS / 2);
  const reader = openReader(store);
  const answers = outcomesOf([
    reader.session.range({ limit: 1 }),
    reader.session.range({ limit: 1, keysOnly: true }),
    reader.session.getMany([Buffer.from('k0')]),
    reader.session.count(),
    get(reader, 'k0'),
  ]);
  await turn();
  const fault = stage.gates.fault('datasync', /\.log$/, 'EIO');
  stage.scheduler.elapse(1000);
  await store.failed;
  fault.lift();
  expect(await batch).toBe('OUTCOME_UNKNOWN');
  for (const answer of await answers) expect(answer).not.toBe('ok');
});

const KEYS = 1000;
const NAME = Buffer.from('own');
const ROUNDS = 10;
const NAMES = putsOf('k', KEYS, '').map(({ key }) => Buffer.from(key as string));

/** The generations that a read of all keys shows: more than one is half a batch. */
function generationsIn(entries: readonly (object | undefined)[]): string {
  expect(entries).toHaveLength(KEYS);
  const values = entries.map((entry) => String((entry as { value?: Buffer } | undefined)?.value));
  return [...new Set(values)].join();
}

/** Each gives one text while a batch is not applied, another one when it is, and no third. */
const WHOLE_READS: readonly [string, (session: Session) => Promise<string>][] = [
  [
    'a page',
    async (session) => generationsIn((await session.range({ prefix: 'k', limit: KEYS })).entries),
  ],
  ['keys by name', async (session) => generationsIn(await session.getMany(NAMES))],
  ['a count', async (session) => String(await session.count())],
];

it.each(WHOLE_READS)('shows with %s never half of a batch', async (_name, read) => {
  const stage = new Stage();
  stage.clock.tickMs = TICK_MS;
  const store = await stage.open({ maxRangeItems: ITEMS });
  const [own, other] = [openReader(store), openReader(store)];
  const big = Buffer.alloc(ASYNC_WRITE_BYTES);
  const put = (): Promise<unknown> =>
    own.sink.ask((token) =>
      own.session.put(NAME, 0, NAME.length, big, 0, big.length, -1, 0, token),
    );
  await store.batch(putsOf('k', KEYS, 'g0'));
  await put();
  await stage.quiet();
  for (let round = 1; round <= ROUNDS; round += 1) {
    const before = await read(other.session);
    const { lastRevision } = store.stats();
    const write = stage.gates.hold('write', /\.log$/);
    const written = put();
    await write.reached;
    const added = putsOf(`new${round}-`, KEYS, '');
    const batch = other.session.batch(
      putsOf('k', KEYS, `g${round}`).flatMap((item, n) => [item, added[n] as BatchItem]),
    );
    await stage.until(() => store.stats().lastRevision === lastRevision + 1 + 2 * KEYS);
    // Their session's own write comes first, the batch comes right behind it.
    const reads = [read(own.session), read(own.session)];
    write.lift();
    const seen = await Promise.all(reads);
    await Promise.all([written, batch]);
    const after = await read(other.session);
    expect(after).not.toBe(before);
    for (const text of seen) expect([before, after]).toContain(text);
  }
});
