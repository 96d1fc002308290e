/** Durability `interval`: nothing stays dirty for longer than that. */

import { expect, it } from 'vitest';
import { Stage } from './stage/stage.ts';

const INTERVAL_MS = 500;

it('syncs what was written while another sync was under way, an interval later', async () => {
  const stage = new Stage();
  const store = await stage.open({ durability: 'interval', syncIntervalMs: INTERVAL_MS });
  await store.put('a', '1');
  stage.scheduler.elapse(INTERVAL_MS);
  await stage.quiet();
  expect(store.stats().writes.dirtyBytes).toBe(0);
  const datasync = stage.gates.hold('datasync', /\.log$/);
  await store.put('b', '1'); // its interval runs from here
  stage.scheduler.elapse(INTERVAL_MS - 100);
  const sync = store.sync();
  await datasync.reached;
  await store.put('c', '1'); // not covered by that sync
  stage.scheduler.elapse(100); // the interval ends amid it
  datasync.lift();
  await sync;
  await stage.quiet();
  stage.scheduler.elapse(INTERVAL_MS);
  await stage.quiet();
  expect(store.stats().writes.dirtyBytes).toBe(0);
});
