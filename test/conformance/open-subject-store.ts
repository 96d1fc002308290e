/** The store that every subject stands on: real files, a clock that the test moves. */

import { createNodeEnvironment } from '../../src/storage/disk/node-environment.ts';
import { openStore, type Store } from '../../src/storage/index.ts';
import { InlineJobHost } from '../crash/world/inline-jobs.ts';
import { TestClock } from '../crash/world/test-clock.ts';
import { LIMITS } from './subject.ts';

export interface SubjectStore {
  readonly store: Store;
  readonly clock: TestClock;
}

/** @param isSlow every read, write and sync goes through the thread pool */
export async function openSubjectStore(directory: string, isSlow: boolean): Promise<SubjectStore> {
  const clock = new TestClock();
  const jobs = new InlineJobHost();
  const environment = { ...createNodeEnvironment(), clock, jobs };
  jobs.environment = environment;
  const store = await openStore({ ...LIMITS, directory, environment });
  await store.whenIndexReady();
  if (isSlow) await makeSlow(store, clock);
  return { store, clock };
}

/** Lets one operation of each kind seem slow: no second ever passes, so it stays off the loop. */
async function makeSlow(store: Store, clock: TestClock): Promise<void> {
  for (const key of ['warm', 'up']) {
    await store.put(key, key);
    clock.tickMs = 6;
    await store.put(key, key);
    await store.get(key);
    clock.tickMs = 0;
    await store.delete(key);
  }
}
