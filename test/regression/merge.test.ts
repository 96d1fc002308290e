/** What a merge brings back, leaves behind, and begins again. */

import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Store } from '../../src/storage/store.ts';
import type { MergeOptions, StoreOptionsInput } from '../../src/storage/store-options.ts';
import type { BatchItem } from '../../src/vocabulary/entry.ts';
import { outcomeOf } from './stage/outcome.ts';
import { Stage } from './stage/stage.ts';
import { missing, putAll, putsOf } from './stage/writes.ts';

const SEGMENT_BYTES = 65_536;
const CHECK_MS = 100;
/** So that only dead bytes make a merge. */
const NO_SMALL: Partial<MergeOptions> = { smallSegmentCount: 100_000, smallSegmentBytes: 1 };

it('does not bring back an older version of a key that expired during a merge', async () => {
  const stage = new Stage();
  const merge = { ...NO_SMALL, checkIntervalMs: CHECK_MS, thresholdDeadRatio: 0.5 };
  const store = await stage.open({ segmentBytes: SEGMENT_BYTES, merge });
  await store.put('k', 'old');
  await putAll(store, putsOf('live', 20, 'x'.repeat(3000)), 1); // the first segment: survives
  for (let n = 0; n < 18; n += 1) await store.put('dead', 'y'.repeat(3000));
  await store.put('k', 'new', { ttlMs: 2000 });
  for (let n = 0; n < 8; n += 1) await store.put('dead', 'y'.repeat(3000));
  await stage.quiet();
  const input = stage.gates.hold('open', /seg-0000000002\.log$/);
  stage.scheduler.elapse(CHECK_MS);
  await input.reached; // the merge knows what time it is, and has read nothing
  stage.scheduler.elapse(2000);
  await stage.until(() => store.stats().keydir.retired === 1);
  input.lift();
  await stage.until(() => store.mergeStatus().runs === 1);
  const merged = stage.events.find(({ event }) => event === 'merged');
  expect(merged?.facts).toMatchObject({ inputs: 1 });
  expect(await store.get('k')).toBeUndefined();
  await store.close();
  const reopened = await stage.open({ segmentBytes: SEGMENT_BYTES });
  expect(await reopened.get('k')).toBeUndefined();
  expect(reopened.stats().keys).toBe(21);
});

it('leaves no job behind when it is closed right after merge()', async () => {
  const stage = new Stage();
  const store = await stage.open({ segmentBytes: SEGMENT_BYTES });
  for (let round = 0; round < 12; round += 1) {
    await putAll(store, putsOf('k', 5, 'y'.repeat(3000)), 1);
  }
  await stage.quiet();
  const merge = outcomeOf(store.merge());
  const closed = outcomeOf(store.close());
  expect([await merge, await closed]).toEqual(['CLOSED', 'ok']);
  await stage.quiet();
  expect(stage.jobs.running).toBe(0);
  expect(stage.files(/\.merged$/)).toEqual([]);
});

it('leaves no job behind when it is closed while a merge copies', async () => {
  const stage = new Stage();
  const store = await stage.open({ segmentBytes: SEGMENT_BYTES });
  for (let round = 0; round < 12; round += 1) {
    await putAll(store, putsOf('k', 5, 'y'.repeat(3000)), 1);
  }
  await stage.quiet();
  const input = stage.gates.hold('open', /\.log$/, () => store.mergeStatus().state === 'copying');
  const merge = outcomeOf(store.merge());
  await input.reached;
  const closed = outcomeOf(store.close());
  input.lift();
  expect(await merge).not.toBe('ok');
  expect(await closed).toBe('ok');
  await stage.quiet();
  expect(stage.jobs.running).toBe(0);
  const reopened = await stage.open({ segmentBytes: SEGMENT_BYTES });
  expect(reopened.stats()).toMatchObject({ keys: 5, damage: [], opened: { clean: true } });
});

/** Lets the policy look so many times, each time until the merge that came of it is over. */
async function lookAtPolicy(stage: Stage, store: Store, times: number): Promise<void> {
  for (let look = 0; look < times; look += 1) {
    stage.scheduler.elapse(CHECK_MS);
    await stage.quiet();
    await stage.until(() => store.mergeStatus().state === 'idle');
    await stage.quiet();
  }
}

it('does not merge segments by itself that are full, however small', async () => {
  const stage = new Stage();
  const merge = { checkIntervalMs: CHECK_MS };
  const store = await stage.open({ segmentBytes: SEGMENT_BYTES, merge });
  await putAll(store, putsOf('k', 300, 'y'.repeat(3000)), 10);
  await stage.quiet();
  expect(stage.files(/\.log$/).length).toBeGreaterThan(10);
  await lookAtPolicy(stage, store, 5);
  expect(store.mergeStatus()).toMatchObject({ runs: 0, failures: 0 });
});

/** Sealed segments, one for each of the groups of writes. */
async function sealEach(
  stage: Stage,
  groups: readonly BatchItem[][],
  options: Partial<StoreOptionsInput>,
): Promise<void> {
  for (const items of groups) {
    const store = await stage.open(options);
    await putAll(store, items, items.length);
    await store.close();
  }
}

it('gathers small segments by itself once, and then has nothing to do', async () => {
  const stage = new Stage();
  const merge = { checkIntervalMs: CHECK_MS, smallSegmentCount: 4 };
  const options = { segmentBytes: SEGMENT_BYTES, merge };
  // Nine of 30 kB make five of 64 kB: as many as would start a merge, if they were small.
  const groups = Array.from({ length: 9 }, (_, n) => putsOf(`${n}-`, 10, 'v'.repeat(3000)));
  await sealEach(stage, groups, options);
  const store = await stage.open(options);
  await lookAtPolicy(stage, store, 5);
  expect(store.mergeStatus()).toMatchObject({ runs: 1, failures: 0 });
  expect(stage.files(/\.(log|merged)$/)).toHaveLength(5);
  expect(await missing(store, groups.flat())).toEqual([]);
});

it('does not merge a segment by itself whose only waste is its header', async () => {
  const stage = new Stage();
  const options = { segmentBytes: SEGMENT_BYTES, merge: { checkIntervalMs: CHECK_MS } };
  await sealEach(stage, [[{ type: 'put', key: 'k', value: 'v' }]], options);
  const store = await stage.open(options);
  await lookAtPolicy(stage, store, 5);
  expect(store.mergeStatus()).toMatchObject({ runs: 0, failures: 0 });
});

it('does not merge a segment by itself again and again whose tombstone has to stay', async () => {
  const stage = new Stage();
  const options = { segmentBytes: SEGMENT_BYTES, merge: { checkIntervalMs: CHECK_MS } };
  await sealEach(stage, [putsOf('k', 10, 'v'.repeat(3000))], options);
  const deleting = await stage.open(options);
  await deleting.delete('k3'); // the put is in a segment that has no garbage to speak of
  await deleting.close();
  const store = await stage.open(options);
  await lookAtPolicy(stage, store, 5);
  expect(store.mergeStatus().runs).toBeLessThanOrEqual(1);
});

it('marks an input that cannot be read as damaged, and merges it no more', async () => {
  const stage = new Stage(true);
  const store = await stage.open({ segmentBytes: SEGMENT_BYTES });
  for (let round = 0; round < 12; round += 1) {
    await putAll(store, putsOf('k', 5, 'y'.repeat(3000)), 1);
  }
  await stage.quiet();
  const file = openSync(join(stage.path, 'seg-0000000001.log'), 'r+');
  writeSync(file, 'XXXX', 1000);
  closeSync(file);
  expect(await outcomeOf(store.merge())).toBe('CORRUPT');
  expect(await outcomeOf(store.merge())).toBe('ok');
  const found = stage.events.filter(({ event }) => event === 'segment-damaged');
  expect(found.map(({ facts }) => facts['segment'])).toEqual([1]);
  expect(stage.files(/seg-0000000001\.log$/)).toHaveLength(1);
  expect(await missing(store, putsOf('k', 5, 'y'.repeat(3000)))).toEqual([]);
  expect(store.status).toBe('open');
});
