/** A touch gives a key another expiry and leaves its value where it is, over starts and merges. */

import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { recordBytes, touchBytes } from '../../../src/storage/format/record.ts';
import type { Decision, Modifier } from '../../../src/storage/modifier.ts';
import type { EntryView } from '../../../src/storage/reply-sink.ts';
import type { Store } from '../../../src/storage/store.ts';
import type { StoreOptionsInput } from '../../../src/storage/store-options.ts';
import { expiringAt, TTL_NONE } from '../../../src/vocabulary/write-arguments.ts';
import { Touch } from '../../crash/world/touch.ts';
import { outcomeOf } from '../../regression/stage/outcome.ts';
import { Stage } from '../../regression/stage/stage.ts';

const AT = 4_000_000_000_000;

class Append implements Modifier {
  readonly needsValue = true;

  apply(current: EntryView | undefined, decision: Decision): void {
    const { buffer, valueStart, valueBytes } = current as EntryView;
    const value = Buffer.concat([
      buffer.subarray(valueStart, valueStart + valueBytes),
      Buffer.of(33),
    ]);
    decision.put(value, 0, value.length);
  }
}

const persist = new Touch(TTL_NONE);
const expire = new Touch(expiringAt(AT));

/** Every way in which a store may be begun anew gives the same. */
async function everyStart(
  stage: Stage,
  store: Store,
  check: (store: Store) => Promise<void>,
  options: Partial<StoreOptionsInput> = {},
): Promise<Store> {
  await check(store);
  await store.close();
  const byHint = await stage.open(options);
  await check(byHint);
  await byHint.close();
  for (const name of readdirSync(stage.path).filter((file) => file.endsWith('.hint'))) {
    rmSync(join(stage.path, name));
  }
  const byScan = await stage.open(options);
  await check(byScan);
  return byScan;
}

it('changes revision, updatedAt and expiry; value, version and createdAt stay', async () => {
  const stage = new Stage();
  const store = await stage.open();
  const put = await store.put('k', 'value', { ttlMs: 1000 });
  const touched = await store.modify('k', expire);
  expect(touched).toMatchObject({ revision: 2, version: 1, expiresAt: AT });
  expect(touched?.createdAt).toBe(put.createdAt);
  const expected = { key: Buffer.from('k'), value: Buffer.from('value'), ...touched };
  await everyStart(stage, store, async (opened) => {
    expect(await opened.getEntry('k')).toEqual(expected);
    expect((await opened.rangePage()).entries).toEqual([expected]);
    const { value, updatedAt: _, ...keyOnly } = expected as typeof expected & { updatedAt: number };
    const { entries } = await opened.rangePage({ keysOnly: true });
    expect(entries).toEqual([{ ...keyOnly, valueBytes: value.length }]);
    // the put has an expiry of its own, and both records are live
    const live = recordBytes(1, 5, true) + touchBytes(1, true);
    expect(opened.stats().log.liveBytes).toBe(live);
  });
});

it('persists, expires, and leaves nothing live behind', async () => {
  const stage = new Stage();
  const store = await stage.open();
  await store.put('k', 'value', { ttlMs: 60_000 });
  expect(await store.modify('k', persist)).toMatchObject({ expiresAt: undefined });
  stage.clock.pass(120_000);
  await everyStart(stage, store, async (opened) => {
    expect((await opened.get('k'))?.toString()).toBe('value');
  }).then(async (opened) => {
    await opened.modify('k', new Touch(1000));
    stage.clock.pass(1001);
    const last = await everyStart(stage, opened, async (again) => {
      expect(await again.get('k')).toBe(undefined);
      expect(await again.count()).toBe(0);
      expect(again.stats().log.liveBytes).toBe(0);
    });
    expect(await last.modify('k', persist)).toBe(undefined);
  });
});

it('many touches, puts and deletes of a key supersede each other', async () => {
  const stage = new Stage();
  const store = await stage.open();
  const writes: Promise<unknown>[] = [];
  for (let round = 0; round < 20; round += 1) {
    writes.push(store.put('k', `v${round}`), store.modify('k', expire), store.modify('k', persist));
    writes.push(store.modify('k', new Append()), store.modify('k', expire));
    if (round % 5 === 4) writes.push(store.delete('k'), store.modify('k', expire));
  }
  await Promise.all(writes);
  await store.put('k', 'last');
  await store.modify('k', expire);
  const before = await store.getEntry('k');
  expect(before).toMatchObject({ expiresAt: AT });
  await everyStart(stage, store, async (opened) => {
    expect(await opened.getEntry('k')).toEqual(before);
    expect(opened.stats().log.liveBytes).toBe(recordBytes(1, 4, false) + touchBytes(1, true));
  });
});

it('survives merges of the value, of the touch, and of both', async () => {
  const stage = new Stage();
  const options = { segmentBytes: 4096 };
  const store = await stage.open(options);
  const filler = Buffer.alloc(1000);
  const keys = ['a', 'b', 'c', 'd'];
  for (const key of keys) await store.put(key, `value of ${key}`, { ttlMs: 3_600_000 });
  await store.put('filler', filler);
  for (let n = 0; n < 5; n += 1) await store.put('filler', filler);
  for (const key of keys) await store.modify(key, key < 'c' ? persist : expire);
  for (let n = 0; n < 5; n += 1) await store.put('filler', filler);
  await store.delete('b');
  const expected = await Promise.all(['a', 'c', 'd'].map((key) => store.getEntry(key)));
  const check = async (opened: Store): Promise<void> => {
    for (const entry of expected) expect(await opened.getEntry(entry?.key ?? '')).toEqual(entry);
    expect(await opened.get('b')).toBe(undefined);
  };
  await check(store);
  await store.merge();
  const once = await everyStart(stage, store, check, options);
  for (let n = 0; n < 8; n += 1) await once.put('filler', filler);
  await once.modify('c', persist);
  await once.merge();
  expected[1] = await once.getEntry('c');
  const twice = await everyStart(stage, once, check, options);
  await Promise.all(['a', 'c', 'd', 'filler'].map((key) => twice.delete(key)));
  await twice.merge();
  await stage.quiet();
  expect(twice.stats().log.liveBytes).toBe(0);
  expect(twice.stats().log.tombstoneBytes).toBe(0);
});

it.each(['one segment', 'two segments', 'two segments, and no expiry'])(
  'put and touch are one record after a merge of both: %s',
  async (how) => {
    const stage = new Stage();
    const options = { segmentBytes: 4096 };
    const store = await stage.open(options);
    await store.put('k', 'value', { ttlMs: 1000 });
    const fillers = how === 'one segment' ? 1 : 6;
    for (let n = 0; n < fillers; n += 1) await store.put('filler', Buffer.alloc(1000));
    const expires = how !== 'two segments, and no expiry';
    await store.modify('k', expires ? expire : persist);
    for (let n = 0; n < 6; n += 1) await store.put('filler', Buffer.alloc(1000));
    const touched = await store.getEntry('k');
    await store.merge();
    await store.delete('filler');
    await store.merge();
    await everyStart(
      stage,
      store,
      async (opened) => {
        expect(await opened.getEntry('k')).toEqual(touched);
        expect(opened.stats().log.liveBytes).toBe(recordBytes(1, 5, expires));
      },
      options,
    );
  },
);

it('a merge takes a touch in that it leaves where it is', async () => {
  const stage = new Stage();
  const options = { segmentBytes: 4096 };
  const store = await stage.open(options);
  await store.put('k', 'value');
  for (let n = 0; n < 5; n += 1) await store.put('filler', Buffer.alloc(1000));
  const sealed = stage.files(/log$/).length;
  await store.modify('k', expire);
  for (let n = 0; stage.files(/log$/).length === sealed; n += 1) {
    await store.put(`live-${n}`, Buffer.alloc(500));
  }
  const touched = await store.getEntry('k');
  await store.merge();
  const check = async (opened: Store): Promise<void> => {
    expect(await opened.getEntry('k')).toEqual(touched);
  };
  const again = await everyStart(stage, store, check, options);
  const { liveBytes } = again.stats().log;
  await again.merge();
  await everyStart(
    stage,
    again,
    async (opened) => {
      await check(opened);
      expect(opened.stats().log.liveBytes).toBe(liveBytes);
    },
    options,
  );
});

it.each(['touched', 'put', 'deleted', 'read and changed'])(
  'is %s between the verdict of a merge and its installation',
  async (what) => {
    const stage = new Stage();
    const options = { segmentBytes: 4096 };
    const store = await stage.open(options);
    await store.put('k', 'value');
    await store.modify('k', expire);
    for (let n = 0; n < 6; n += 1) await store.put('filler', Buffer.alloc(1000));
    const sync = stage.gates.hold('sync', /\.merged$|merged/);
    const merged = store.merge();
    await sync.reached;
    if (what === 'touched') await store.modify('k', persist);
    else if (what === 'put') await store.put('k', 'newer');
    else if (what === 'deleted') await store.delete('k');
    else await store.modify('k', new Append());
    const expected = await store.getEntry('k');
    sync.lift();
    await merged;
    const check = async (opened: Store): Promise<void> => {
      expect(await opened.getEntry('k')).toEqual(expected);
    };
    const again = await everyStart(stage, store, check, options);
    if (what === 'touched') {
      // the value has the sequence of a touch by now, and the touch names what it had before
      await again.modify('k', new Append());
      expect((await again.get('k'))?.toString()).toBe('value!');
      return;
    }
    await again.merge();
    await everyStart(stage, again, check, options);
  },
);

it('a value is found that a merge moves while a touch of it is on its way', async () => {
  const stage = new Stage();
  const store = await stage.open({ segmentBytes: 4096, durability: 'always' });
  await store.put('k', 'value');
  await store.modify('k', expire);
  for (let n = 0; n < 6; n += 1) await store.put('filler', Buffer.alloc(1000));
  const installed = store.merge();
  const reads: Promise<unknown>[] = [];
  for (let n = 0; n < 200 && store.stats().merge.runs === 0; n += 1) {
    await store.modify('k', n % 2 === 0 ? persist : expire);
    reads.push(store.modify('k', persist), store.modify('k', new Touch(3_600_000)));
    reads.push(store.modify('k', { needsValue: true, apply: (current) => expectValue(current) }));
  }
  await Promise.all([installed, ...reads]);
  expect((await store.get('k'))?.toString()).toBe('value');
});

function expectValue(current: EntryView | undefined): void {
  const { buffer, valueStart, valueBytes } = current as EntryView;
  expect(Buffer.from(buffer.subarray(valueStart, valueStart + valueBytes)).toString()).toBe(
    'value',
  );
}

it('an expired touch is buried by a merge, and its value does not come back', async () => {
  const stage = new Stage();
  const store = await stage.open({ segmentBytes: 4096 });
  await store.put('k', 'value');
  for (let n = 0; n < 6; n += 1) await store.put('filler', Buffer.alloc(1000));
  await store.modify('k', new Touch(1000));
  for (let n = 0; n < 6; n += 1) await store.put('filler', Buffer.alloc(1000));
  stage.clock.pass(2000);
  await store.merge();
  await everyStart(stage, store, async (opened) => {
    expect(await opened.get('k')).toBe(undefined);
    expect(await opened.count()).toBe(1);
  });
});

it('a touch that is on its way keeps a key from being retired, and is counted', async () => {
  const stage = new Stage();
  const store = await stage.open({ durability: 'always' });
  await store.put('k', 'value', { ttlMs: 1000 });
  // with so large a value in its group it is synced in the thread pool, where it can be held
  const large = store.put('large', Buffer.alloc(2 << 20));
  const sync = stage.gates.hold('datasync', /\.log$/);
  const touched = store.modify('k', persist);
  await sync.reached;
  stage.clock.pass(2000);
  const counted = store.count();
  sync.lift();
  await Promise.all([touched, large]);
  expect(await counted).toBe(2);
  expect((await store.get('k'))?.toString()).toBe('value');
});

it('refuses a touch while puts are refused, and one beyond the time', async () => {
  const store = await new Stage().open();
  await store.put('k', 'v');
  expect(await outcomeOf(store.modify('k', new Touch(2 ** 50)))).toBe('BAD_REQUEST');
  expect(await outcomeOf(store.modify('absent', persist))).toBe('ok');
});
