/** A full disk, or no descriptors left: a state that passes, not the end of the store. */

import { expect, it } from 'vitest';
import type { Store } from '../../src/storage/store.ts';
import type { Fault } from './stage/gates.ts';
import { outcomeOf, outcomesOf } from './stage/outcome.ts';
import { Stage } from './stage/stage.ts';
import { missing, putAll, putsOf } from './stage/writes.ts';

/** Segments other than the first. */
const LATER_SEGMENTS = /seg-(?!0000000001)\d{10}\.log$/;
const MANIFEST = /MANIFEST\.tmp$/;
/** A store with a full disk looks for space so often. */
const PROBE_MS = 1000;

it('goes on when the next segment could not be opened for want of descriptors', async () => {
  const stage = new Stage();
  const store = await stage.open();
  const fault = stage.gates.fault('open', LATER_SEGMENTS, 'EMFILE');
  await store.put('a', '1');
  await stage.quiet();
  expect(await outcomeOf(store.merge())).toBe('TOO_MANY_OPEN_FILES');
  expect(fault.hits).toBeGreaterThan(0);
  fault.lift();
  expect(store.status).toBe('open');
  expect(await outcomeOf(store.put('b', '1'))).toBe('ok');
  expect(await outcomeOf(store.merge())).toBe('ok');
  expect(await outcomeOf(store.delete('a'))).toBe('ok');
  await store.close();
  const reopened = await stage.open();
  expect(reopened.stats()).toMatchObject({ keys: 1, damage: [], opened: { clean: true } });
});

it('is read-only while there is no space for the next segment', async () => {
  const stage = new Stage();
  const store = await stage.open();
  const fault = stage.gates.fault('write', LATER_SEGMENTS, 'ENOSPC');
  await store.put('a', '1');
  await stage.quiet();
  expect(await outcomeOf(store.merge())).toBe('NO_SPACE');
  expect(store.stats()).toMatchObject({ status: 'read-only', lastRevision: 1 });
  expect(await outcomeOf(store.put('b', '1'))).toBe('READ_ONLY');
  fault.lift();
  stage.scheduler.elapse(PROBE_MS);
  await stage.until(() => store.status === 'open');
  expect(await store.put('b', '1')).toMatchObject({ revision: 2 });
  expect(await outcomeOf(store.merge())).toBe('ok');
  expect(await store.put('c', '1')).toMatchObject({ revision: 3 });
  await store.close();
  const reopened = await stage.open();
  expect(reopened.stats()).toMatchObject({ keys: 3, damage: [], opened: { clean: true } });
});

it('gives out revisions without a gap after a group without records found no space', async () => {
  const stage = new Stage();
  const store = await stage.open();
  const header = stage.gates.hold('write', LATER_SEGMENTS);
  await store.put('a', '1');
  await header.reached;
  const merge = outcomeOf(store.merge()); // the empty group that is to begin the next segment
  await stage.quiet();
  header.fail('ENOSPC');
  expect(await merge).toBe('NO_SPACE');
  expect(store.stats()).toMatchObject({ status: 'read-only', lastRevision: 1 });
  stage.scheduler.elapse(PROBE_MS);
  await stage.until(() => store.status === 'open');
  expect(await store.put('b', '1')).toMatchObject({ revision: 2 });
  await store.close();
  const reopened = await stage.open();
  expect(reopened.stats()).toMatchObject({ keys: 2, damage: [], opened: { clean: true } });
});

it('refuses what would go into a segment that there is no space for, and loses nothing else', async () => {
  const stage = new Stage();
  const store = await stage.open({ segmentBytes: 65_536 });
  const fault = stage.gates.fault('open', LATER_SEGMENTS, 'ENOSPC');
  await store.put('a', '1');
  await stage.quiet();
  const items = putsOf('k', 60, 'v'.repeat(3000));
  const outcomes: string[] = [];
  for (let first = 0; first < items.length; first += 5) {
    const puts = items.slice(first, first + 5).map(({ key }) => store.put(key, 'v'.repeat(3000)));
    outcomes.push(...(await outcomesOf(puts)));
  }
  expect(fault.hits).toBeGreaterThan(0);
  const expected = new Set(['ok', 'NO_SPACE', 'NOT_APPLIED', 'READ_ONLY']);
  expect(new Set(outcomes).difference(expected)).toEqual(new Set());
  expect(outcomes).toContain('READ_ONLY');
  expect(store.status).toBe('read-only');
  fault.lift();
  stage.scheduler.elapse(PROBE_MS);
  await stage.until(() => store.status === 'open');
  await putAll(store, putsOf('later', 30, 'v'.repeat(3000)), 5);
  await store.close();
  const reopened = await stage.open({ segmentBytes: 65_536 });
  const kept = items.filter((_, n) => outcomes[n] === 'ok');
  expect(await missing(reopened, [...kept, ...putsOf('later', 30, 'v'.repeat(3000))])).toEqual([]);
  expect(reopened.stats()).toMatchObject({ keys: 1 + kept.length + 30, damage: [] });
});

/** The puts that each round of `openWithGarbage` repeats. */
const REPEATED = putsOf('k', 5, 'y'.repeat(3000));

async function openWithGarbage(stage: Stage): Promise<Store> {
  const store = await stage.open({ segmentBytes: 65_536 });
  for (let round = 0; round < 12; round += 1) await putAll(store, REPEATED, 1);
  await stage.quiet();
  return store;
}

/** No space for the manifest that a merge publishes, though for every other one. */
function refuseMergeManifest(stage: Stage, store: Store): Fault {
  return stage.gates.fault('open', MANIFEST, 'ENOSPC', () => {
    return store.mergeStatus().state === 'copying';
  });
}

it('leaves inputs and store as they were when there is no space for the manifest of a merge', async () => {
  const stage = new Stage();
  const store = await openWithGarbage(stage);
  const fault = refuseMergeManifest(stage, store);
  const outcome = await outcomeOf(store.merge());
  expect(fault.hits).toBeGreaterThan(0);
  fault.lift();
  expect(store.status).toBe('open');
  await stage.quiet();
  expect(stage.files(/\.merged$/)).toEqual([]);
  expect(await missing(store, REPEATED)).toEqual([]);
  expect(outcome).toBe('NO_SPACE');
  await store.put('after', '1');
  expect(await store.merge()).toMatchObject({ outputs: 1 });
  expect(await missing(store, REPEATED)).toEqual([]);
  await store.close();
  const reopened = await stage.open({ segmentBytes: 65_536 });
  expect(reopened.stats()).toMatchObject({ keys: 6, damage: [], opened: { clean: true } });
});

it('leaves the history floor where it was when there is no space for the manifest of a merge', async () => {
  const stage = new Stage();
  const store = await openWithGarbage(stage);
  const { historyFloor } = store.stats();
  const fault = refuseMergeManifest(stage, store);
  expect(await outcomeOf(store.merge())).toBe('NO_SPACE');
  fault.lift();
  expect(store.stats().historyFloor).toBe(historyFloor);
});

it('frees the lock when it is closed on a full disk', async () => {
  const stage = new Stage();
  const store = await stage.open();
  await store.put('a', '1');
  await stage.quiet();
  const fault = stage.gates.fault('open', MANIFEST, 'ENOSPC');
  expect(await outcomeOf(store.close())).not.toBe('ok');
  expect(fault.hits).toBeGreaterThan(0);
  fault.lift();
  const reopened = await stage.open();
  expect(await reopened.get('a')).toEqual(Buffer.from('1'));
});
