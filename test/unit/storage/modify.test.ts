/** Atomic read-modify-write, wherever the value happens to be, and whoever writes in between. */

import { expect, it } from 'vitest';
import { CaskError } from '../../../src/errors/cask-error.ts';
import type { Decision, Modifier } from '../../../src/storage/modifier.ts';
import { PromiseSink } from '../../../src/storage/promise-sink.ts';
import type { EntryView } from '../../../src/storage/reply-sink.ts';
import type { Session } from '../../../src/storage/session.ts';
import type { Store } from '../../../src/storage/store.ts';
import { expiringAt, TTL_KEEP, TTL_NONE } from '../../../src/vocabulary/write-arguments.ts';
import { outcomeOf } from '../../regression/stage/outcome.ts';
import { Stage } from '../../regression/stage/stage.ts';
import { putsOf } from '../../regression/stage/writes.ts';

/** Records of this size are read in the thread pool, where they can be held. */
const ASYNC_READ_BYTES = 100_000;

class Append implements Modifier {
  readonly needsValue = true;
  /** What was there; undefined: nothing. */
  before: string | undefined;
  applied = 0;
  readonly #text: string;
  readonly #ttlMs: number;

  constructor(text: string, ttlMs: number = TTL_KEEP) {
    this.#text = text;
    this.#ttlMs = ttlMs;
  }

  apply(current: EntryView | undefined, decision: Decision): void {
    this.applied += 1;
    this.before = current === undefined ? undefined : textOf(current);
    const value = Buffer.from((this.before ?? '') + this.#text);
    decision.put(value, 0, value.length, this.#ttlMs);
  }
}

/** Does whatever the function says. */
class Do implements Modifier {
  readonly needsValue: boolean;
  readonly apply: Modifier['apply'];

  constructor(apply: Modifier['apply'], needsValue = true) {
    this.apply = apply;
    this.needsValue = needsValue;
  }
}

function textOf({ buffer, valueStart, valueBytes }: EntryView): string {
  return Buffer.from(buffer.subarray(valueStart, valueStart + valueBytes)).toString();
}

/** One client: what it sends goes out at once, in the order of the calls. */
class Client {
  readonly #sink = new PromiseSink();
  readonly session: Session;

  constructor(store: Store) {
    this.session = store.openSession(this.#sink);
  }

  modify(key: string, modifier: Modifier): Promise<unknown> {
    const bytes = Buffer.from(key);
    return this.#sink.ask((token) => this.session.modify(bytes, 0, bytes.length, modifier, token));
  }

  put(key: string, value: string): Promise<unknown> {
    const bytes = Buffer.from(key);
    const data = Buffer.from(value);
    const { length } = data;
    return this.#sink.ask((token) =>
      this.session.put(bytes, 0, bytes.length, data, 0, length, -1, TTL_NONE, token),
    );
  }

  async get(key: string): Promise<string | undefined> {
    const bytes = Buffer.from(key);
    const found = await this.#sink.ask<{ value: Buffer } | undefined>((token) =>
      this.session.get(bytes, 0, bytes.length, token),
    );
    return found?.value.toString();
  }
}

it('creates, changes, deletes, and answers with what the key is then', async () => {
  const store = await new Stage().open();
  const created = await store.modify('k', new Append('a'));
  expect(created).toMatchObject({ revision: 1, version: 1, expiresAt: undefined });
  const changed = await store.modify('k', new Append('b', 60_000));
  expect(changed).toMatchObject({ revision: 2, version: 2 });
  expect(changed?.expiresAt).toBe((changed?.updatedAt ?? 0) + 60_000);
  expect(await store.get('k')).toEqual(Buffer.from('ab'));
  const same = await store.modify('k', new Do(() => {}));
  expect(same).toEqual(changed);
  const gone = await store.modify('k', new Do((_, decision) => decision.delete()));
  expect(gone).toMatchObject({ revision: 3, version: 0 });
  const absent = new Do((current, decision) => {
    expect(current).toBe(undefined);
    decision.delete();
  });
  expect(await store.modify('k', absent)).toBe(undefined);
});

it('sees writes that are not committed, in the order in which they were sent', async () => {
  const stage = new Stage();
  const store = await stage.open();
  const appends = Array.from({ length: 100 }, (_, n) => new Append(`${n},`));
  const put = store.put('k', '-');
  await Promise.all([put, ...appends.map((append) => store.modify('k', append))]);
  const expected = appends.map((_, n) => `${n},`).join('');
  expect((await store.get('k'))?.toString()).toBe(`-${expected}`);
  expect(appends.every(({ applied }) => applied === 1)).toBe(true);
});

it.each([false, true])(
  'deleting a range comes in order, with a batch amid: %s',
  async (isBatchAmid) => {
    const stage = new Stage();
    const store = await stage.open();
    await store.put('k-large', 'v'.repeat(ASYNC_READ_BYTES));
    await store.put('k', 'v');
    await stage.quiet();
    const client = new Client(store);
    const read = stage.gates.hold('read', /\.log$/);
    const batch = isBatchAmid ? store.batch(putsOf('other', 3000, 'v')) : undefined;
    const modified = client.modify('k-large', new Append('+'));
    const deleted = client.session.deleteRange({ prefix: 'k' });
    const put = client.put('k-late', 'v');
    await read.reached;
    read.lift();
    await Promise.all([batch, modified, put]);
    expect(await deleted).toMatchObject({ deleted: 2 });
    expect(await store.count({ prefix: 'k' })).toBe(1);
    expect(await client.get('k-late')).toBe('v');
  },
);

it('an error of the modifier is the answer, and nothing is changed', async () => {
  const store = await new Stage().open();
  await store.put('k', 'v');
  const refuses = new Do(() => {
    throw new CaskError('BAD_REQUEST', 'that is no number');
  });
  expect(await outcomeOf(store.modify('k', refuses))).toBe('BAD_REQUEST');
  const broken = new Do(() => {
    throw new TypeError('a bug');
  });
  expect(await outcomeOf(store.modify('k', broken))).toBe('INTERNAL');
  expect(await store.getEntry('k')).toMatchObject({ revision: 1 });
});

it('keeps to the limits of a put', async () => {
  const store = await new Stage().open({ maxValueBytes: 10 });
  expect(await outcomeOf(store.modify('k', new Append('12345678901')))).toBe('VALUE_TOO_LARGE');
  expect(await outcomeOf(store.modify('', new Append('1')))).toBe('KEY_EMPTY');
  expect(await store.get('k')).toBe(undefined);
});

it('a value on the disk is fetched once for all who wait for it', async () => {
  const stage = new Stage();
  const store = await stage.open();
  await store.put('k', Buffer.alloc(ASYNC_READ_BYTES, 'v'));
  const read = stage.gates.hold('read', /\.log$/);
  const before = stage.gates.count('read', /\.log$/);
  const clients = Array.from({ length: 5 }, () => new Client(store));
  const appends = clients.map((_, n) => new Append(String(n)));
  const answers = clients.map((client, n) => client.modify('k', appends[n] as Append));
  await read.reached;
  read.lift();
  await Promise.all(answers);
  expect(stage.gates.count('read', /\.log$/)).toBe(before + 1);
  expect((await store.get('k'))?.toString().slice(ASYNC_READ_BYTES)).toBe('01234');
  expect(appends.map(({ applied }) => applied)).toEqual([1, 1, 1, 1, 1]);
});

it('nothing of the same client overtakes a modify that waits for a value', async () => {
  const stage = new Stage();
  const store = await stage.open();
  await store.put('cold', Buffer.alloc(ASYNC_READ_BYTES, 'v'));
  const read = stage.gates.hold('read', /\.log$/);
  const client = new Client(store);
  const append = new Append('!');
  const modified = client.modify('cold', append);
  const answers = [client.put('cold', 'new'), client.put('early', '1')];
  const early = client.get('early');
  const batch = client.session.batch([{ type: 'put', key: 'other', value: '2' }]);
  const chained = new Append('3');
  const later = [client.modify('other', chained), client.get('other')];
  await read.reached;
  await stage.quiet();
  // another client is not held up
  expect(await store.get('early')).toBe(undefined);
  read.lift();
  expect(await modified).toMatchObject({ revision: 2 });
  await Promise.all(answers);
  expect(append.before?.length).toBe(ASYNC_READ_BYTES);
  expect(await early).toBe('1');
  expect(await batch).toMatchObject([{ revision: 5 }]);
  expect((await Promise.all(later)).at(-1)).toBe('23');
  expect(await store.get('cold')).toEqual(Buffer.from('new'));
});

it('what waits for a large batch, then for a modify, keeps its place before later writes', async () => {
  const stage = new Stage();
  const store = await stage.open();
  await store.put('cold', Buffer.alloc(ASYNC_READ_BYTES, 'v'));
  const read = stage.gates.hold('read', /\.log$/);
  const client = new Client(store);
  const other = new Client(store);
  const batch = other.session.batch(putsOf('b', 5000, 'v'));
  const answers = [client.modify('cold', new Append('!'))];
  // Sent last, while the one before it waits for its turn.
  const last = new Do((_current, decision) => {
    answers.push(client.put('k', '2'));
    decision.put(Buffer.from('x'), 0, 1, TTL_NONE);
  }, false);
  const between = other.modify('between', last);
  answers.push(client.put('k', '1'));
  await batch;
  await between;
  await read.reached;
  read.lift();
  await stage.quiet();
  await Promise.all(answers);
  expect(await client.get('k')).toBe('2');
});

it('a batch that waits for a large batch does not overtake a modify that waits before it', async () => {
  const stage = new Stage();
  const store = await stage.open();
  await store.put('cold', Buffer.alloc(ASYNC_READ_BYTES, 'v'));
  const read = stage.gates.hold('read', /\.log$/);
  const client = new Client(store);
  const large = new Client(store).session.batch(putsOf('b', 5000, 'v'));
  const append = new Append('!');
  const modified = client.modify('cold', append);
  const batch = client.session.batch([{ type: 'put', key: 'cold', value: 'new' }]);
  await large;
  await read.reached;
  await stage.quiet();
  // another client is not held up
  await store.put('other', '1');
  read.lift();
  await Promise.all([modified, batch]);
  expect(append.before?.length).toBe(ASYNC_READ_BYTES);
  expect(await client.get('cold')).toBe('new');
});

it('starts over with what another client has written meanwhile', async () => {
  const stage = new Stage();
  const store = await stage.open();
  await store.put('k', Buffer.alloc(ASYNC_READ_BYTES, 'v'));
  for (const change of ['put', 'delete', 'batch'] as const) {
    const read = stage.gates.hold('read', /\.log$/);
    const append = new Append('!');
    const modified = new Client(store).modify('k', append);
    await read.reached;
    if (change === 'put') await store.put('k', 'new');
    else if (change === 'delete') await store.delete('k');
    else await store.batch([{ type: 'put', key: 'k', value: 'batched' }]);
    read.lift();
    await modified;
    const expected = { put: 'new', delete: undefined, batch: 'batched' }[change];
    expect(append.before).toBe(expected);
    expect((await store.get('k'))?.toString()).toBe(`${expected ?? ''}!`);
    await store.put('k', Buffer.alloc(ASYNC_READ_BYTES, 'v'));
  }
});

it('a value that cannot be read is the answer of all who waited for it', async () => {
  const stage = new Stage();
  const store = await stage.open();
  await store.put('k', Buffer.alloc(ASYNC_READ_BYTES, 'v'));
  const read = stage.gates.hold('read', /\.log$/);
  const answers = [new Client(store), new Client(store)].map((client) =>
    outcomeOf(client.modify('k', new Append('!'))),
  );
  await read.reached;
  read.fail('EIO');
  expect(await Promise.all(answers)).toEqual(['IO_ERROR', 'IO_ERROR']);
  expect((await store.get('k'))?.length).toBe(ASYNC_READ_BYTES);
});

it('close waits for a value that is being fetched, and refuses the modify', async () => {
  const stage = new Stage();
  const store = await stage.open();
  await store.put('k', Buffer.alloc(ASYNC_READ_BYTES, 'v'));
  const read = stage.gates.hold('read', /\.log$/);
  const answer = outcomeOf(store.modify('k', new Append('!')));
  await read.reached;
  const closed = store.close();
  read.lift();
  expect(await answer).toBe('CLOSED');
  await closed;
});

it('expires at an absolute time, keeps an expiry, and takes it away', async () => {
  const store = await new Stage().open();
  const at = 4_000_000_000_000;
  expect(await store.put('k', 'v', { expiresAt: at })).toMatchObject({ expiresAt: at });
  expect(await store.modify('k', new Append('w'))).toMatchObject({ expiresAt: at });
  expect(await store.modify('k', new Append('x', expiringAt(at + 1)))).toMatchObject({
    expiresAt: at + 1,
  });
  expect(await store.put('k', 'v', { keepTtl: true })).toMatchObject({ expiresAt: at + 1 });
  expect(await store.modify('k', new Append('y', TTL_NONE))).toMatchObject({
    expiresAt: undefined,
  });
  await store.put('k', 'v', { expiresAt: 1 });
  expect(await store.get('k')).toBe(undefined);
  expect(await outcomeOf(store.put('k', 'v', { expiresAt: 1, ttlMs: 1 }))).toBe('INVALID_OPTION');
  expect(await outcomeOf(store.put('k', 'v', { expiresAt: 2 ** 48 }))).toBe('INVALID_OPTION');
});

it('an answer that rests on a write fails with it', async () => {
  const stage = new Stage();
  const store = await stage.open({ durability: 'always' });
  await store.put('k', 'old');
  // the loop's own writes and syncs have to fail as well as the thread pool's
  stage.gates.fault('datasync', /\.log$/, 'EIO');
  const answers = [
    outcomeOf(store.put('k', 'new')),
    outcomeOf(store.modify('k', new Do(() => {}))),
    outcomeOf(store.modify('k', new Append('!'))),
  ];
  expect(await Promise.all(answers)).toEqual([
    'OUTCOME_UNKNOWN',
    'OUTCOME_UNKNOWN',
    'OUTCOME_UNKNOWN',
  ]);
});

it('a batch applies only where its checks hold, against all that is sequenced', async () => {
  const store = await new Stage().open();
  const { revision } = await store.put('watched', 'v');
  const move = (ifRevision: number): Promise<unknown> =>
    store.batch([
      { type: 'check', key: 'watched', ifRevision },
      { type: 'check', key: 'absent', ifRevision: 0 },
      { type: 'put', key: 'to', value: 'v', expiresAt: 4_000_000_000_000 },
    ]);
  const changed = store.put('watched', 'w');
  expect(await outcomeOf(move(revision))).toBe('CONFLICT');
  expect(await store.get('to')).toBe(undefined);
  const now = (await changed).revision;
  expect(await move(now)).toMatchObject([{ revision: undefined }, {}, { revision: now + 1 }]);
  expect(await store.getEntry('to')).toMatchObject({ expiresAt: 4_000_000_000_000 });
  expect(await outcomeOf(store.batch([{ type: 'check', key: 'to', ifAbsent: true }]))).toBe(
    'CONFLICT',
  );
  expect(await store.batch([{ type: 'check', key: 'to', ifPresent: true }])).toHaveLength(1);
});
