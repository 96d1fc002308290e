import { createNodeEnvironment } from '../../src/storage/disk/node-environment.ts';
import { openStore } from '../../src/storage/index.ts';
import { scratchDirectories } from '../crash/world/scratch.ts';
import { TestClock } from '../crash/world/test-clock.ts';
import { conformanceSuite } from './conformance-suite.ts';
import { LIMITS, type Subject } from './subject.ts';

const newDirectory = scratchDirectories();

/** @param tickMs see `TestClock` */
async function open(tickMs: number): Promise<Subject> {
  const clock = new TestClock();
  clock.tickMs = tickMs;
  const environment = { ...createNodeEnvironment(), clock };
  const db = await openStore({ ...LIMITS, directory: newDirectory(), environment });
  await db.whenIndexReady();
  return { db, pass: (ms) => clock.pass(ms), close: () => db.close() };
}

conformanceSuite('the embedded store', () => open(0));
conformanceSuite('the embedded store on a slow disk', () => open(6));
