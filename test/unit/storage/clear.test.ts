/** A clear removes every key by one record, and nothing that was there comes back. */

import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { RECORD_HEADER_BYTES } from '../../../src/storage/format/record.ts';
import type { Decision } from '../../../src/storage/modifier.ts';
import { PromiseSink } from '../../../src/storage/promise-sink.ts';
import type { Store } from '../../../src/storage/store.ts';
import { outcomeOf } from '../../regression/stage/outcome.ts';
import { Stage } from '../../regression/stage/stage.ts';

async function contents(store: Store): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const entry of store.range()) {
    if ('error' in entry) throw entry.error;
    found[entry.key.toString()] = entry.value.toString();
  }
  expect(await store.count()).toBe(Object.keys(found).length);
  return found;
}

function dropHints(stage: Stage): void {
  for (const name of readdirSync(stage.path).filter((file) => file.endsWith('.hint'))) {
    rmSync(join(stage.path, name));
  }
}

it('voids what was sequenced before it, pending or not, and spares what comes after', async () => {
  const stage = new Stage();
  const store = await stage.open();
  await store.put('old', 'v', { ttlMs: 60_000 });
  await store.modify('old', { needsValue: false, apply: (_, decision) => decision.touch(0) });
  const writes = [store.put('pending', 'v'), store.put('kept', 'before')];
  const cleared = store.clear();
  let seen: unknown = 'nothing yet';
  const modifier = {
    needsValue: true,
    apply(current: unknown, decision: Decision): void {
      seen = current;
      decision.put(Buffer.from('after'), 0, 5);
    },
  };
  const after = [
    store.put('kept', 'after', { ifAbsent: true }),
    store.modify('old', modifier),
    store.put('pending', 'v', { ifPresent: true }),
    store.get('pending'),
  ];
  const outcomes = await Promise.allSettled(after);
  await Promise.all(writes);
  expect(await cleared).toBe(5);
  expect(seen).toBe(undefined);
  expect(outcomes.map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'rejected',
    'fulfilled',
  ]);
  expect(outcomes[0]).toMatchObject({ value: { revision: 6, version: 1 } });
  expect(outcomes[3]).toMatchObject({ value: undefined });
  const expected = { kept: 'after', old: 'after' };
  expect(await contents(store)).toEqual(expected);
  const { liveBytes } = store.stats().log;
  await store.close();
  const byHint = await stage.open();
  expect(await contents(byHint)).toEqual(expected);
  expect(byHint.stats().log.liveBytes).toBe(liveBytes);
  await byHint.close();
  dropHints(stage);
  const byScan = await stage.open();
  expect(await contents(byScan)).toEqual(expected);
  expect(byScan.stats().log).toMatchObject({ liveBytes, tombstoneBytes: RECORD_HEADER_BYTES });
});

it('holds over merges, and goes once nothing older is left', async () => {
  const stage = new Stage();
  const options = { segmentBytes: 4096 };
  const store = await stage.open(options);
  for (let n = 0; n < 30; n += 1) await store.put(`k${n}`, Buffer.alloc(500, 'v'));
  await store.delete('k3');
  await store.clear();
  await store.put('new', 'v');
  await store.close();
  const again = await stage.open(options);
  expect(await contents(again)).toEqual({ new: 'v' });
  const merged = await again.merge();
  expect(merged.bytesAfter).toBeLessThan(500);
  await stage.quiet();
  expect(again.stats().log.tombstoneBytes).toBe(0);
  await again.close();
  dropHints(stage);
  expect(await contents(await stage.open(options))).toEqual({ new: 'v' });
});

it('amid a merge: what is copied does not come back', async () => {
  const stage = new Stage();
  const options = { segmentBytes: 4096 };
  const store = await stage.open(options);
  for (let n = 0; n < 30; n += 1) await store.put(`k${n}`, Buffer.alloc(500, 'v'));
  for (let n = 0; n < 10; n += 1) await store.delete(`k${n}`);
  const write = stage.gates.hold('sync', /\.merged$/);
  const merging = store.merge();
  await write.reached;
  await store.clear();
  await store.put('k20', 'new');
  write.lift();
  await merging;
  expect(await contents(store)).toEqual({ k20: 'new' });
  const { liveBytes } = store.stats().log;
  await store.close();
  const again = await stage.open(options);
  expect(await contents(again)).toEqual({ k20: 'new' });
  expect(again.stats().log.liveBytes).toBe(liveBytes);
});

it('is found behind what it voids, and sweeps it', async () => {
  const stage = new Stage();
  const store = await stage.open();
  for (let n = 0; n < 100; n += 1) await store.put(`k${n}`, 'v', { ttlMs: 60_000 });
  await store.modify('k1', { needsValue: false, apply: (_, decision) => decision.touch(0) });
  await store.clear();
  await store.put('k7', 'new');
  const image = stage.image();
  await store.close();
  // within one segment a scan meets the entries first
  dropHints(stage);
  const again = await stage.open();
  expect(await contents(again)).toEqual({ k7: 'new' });
  expect(await contents(await stage.open({ directory: image }))).toEqual({ k7: 'new' });
});

it('a page, a count and a session go on', async () => {
  const stage = new Stage();
  const store = await stage.open();
  for (let n = 0; n < 5; n += 1) await store.put(`k${n}`, Buffer.alloc(100_000, 'v'));
  const read = stage.gates.hold('read', /\.log$/);
  const page = store.rangePage();
  await read.reached;
  await store.clear();
  const counted = store.count({ start: 'k' });
  read.lift();
  expect((await page).entries.length).toBe(5);
  expect(await counted).toBe(0);
  const sink = new PromiseSink();
  const session = store.openSession(sink);
  const cleared = sink.ask((token) => session.clear(token));
  expect(await session.range()).toEqual({ entries: [], more: false });
  expect(await cleared).toBeGreaterThan(0);
  await store.close();
  expect(await outcomeOf(store.clear())).toBe('CLOSED');
});
