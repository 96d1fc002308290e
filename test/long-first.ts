/**
 * The order of the test files: those that take long come first. One that starts last would leave
 * the other worker without work; a fresh checkout knows nothing of earlier runs to go by.
 */

import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Folders below `test/`, the longest first. */
const LONG = ['simulation', 'packaging', 'torture', 'kernel', 'property', 'fuzz', 'browser', 'e2e'];

function rankOf({ moduleId }: TestSpecification): number {
  const rank = LONG.findIndex((folder) => moduleId.includes(`/test/${folder}/`));
  return rank < 0 ? LONG.length : rank;
}

export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => rankOf(a) - rankOf(b));
  }
}
