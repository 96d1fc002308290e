/** All cases, against whatever `open` opens: a new and empty one for each case. */

import { afterEach, beforeEach, describe } from 'vitest';
import { batchCases } from './cases/batch-cases.ts';
import { conditionCases } from './cases/condition-cases.ts';
import { entryCases } from './cases/entry-cases.ts';
import { limitCases } from './cases/limit-cases.ts';
import { rangeCases } from './cases/range-cases.ts';
import { ttlCases } from './cases/ttl-cases.ts';
import type { Subject } from './subject.ts';

export function conformanceSuite(name: string, open: () => Promise<Subject>): void {
  describe(name, () => {
    let current: Subject;
    beforeEach(async () => {
      current = await open();
    });
    afterEach(async () => {
      await current.close();
    });
    const subject = () => current;
    entryCases(subject);
    conditionCases(subject);
    batchCases(subject);
    ttlCases(subject);
    rangeCases(subject);
    limitCases(subject);
  });
}
