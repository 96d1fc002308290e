import { scratchDirectories } from '../crash/world/scratch.ts';
import { conformanceSuite } from './conformance-suite.ts';
import { openSubjectStore } from './open-subject-store.ts';
import type { Subject } from './subject.ts';

const newDirectory = scratchDirectories();

async function open(isSlow: boolean): Promise<Subject> {
  const { store, clock } = await openSubjectStore(newDirectory(), isSlow);
  return { db: store, pass: (ms) => clock.pass(ms), close: () => store.close() };
}

conformanceSuite('the embedded store', () => open(false));
conformanceSuite('the embedded store on a slow disk', () => open(true));
