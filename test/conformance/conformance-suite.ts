/** The cases, against whatever `open` opens. */

import { describe, it } from 'vitest';
import { batchCases } from './cases/batch-cases.ts';
import { conditionCases } from './cases/condition-cases.ts';
import { counterCases } from './cases/counter-cases.ts';
import { deleteRangeCases } from './cases/delete-range-cases.ts';
import { entryCases } from './cases/entry-cases.ts';
import { expiryCases } from './cases/expiry-cases.ts';
import { limitCases } from './cases/limit-cases.ts';
import { rangeCases } from './cases/range-cases.ts';
import { ttlCases } from './cases/ttl-cases.ts';
import type { Cases, Subject } from './subject.ts';

const ALL = {
  entries: entryCases,
  conditions: conditionCases,
  batches: batchCases,
  'time to live': ttlCases,
  counters: counterCases,
  'changing expiries': expiryCases,
  ranges: rangeCases,
  'deleting ranges': deleteRangeCases,
  limits: limitCases,
} as const satisfies Record<string, Cases>;

type Group = keyof typeof ALL;

/** @param groups all of them, unless fewer are asked for */
export function conformanceSuite(
  name: string,
  open: () => Promise<Subject>,
  groups: readonly Group[] = Object.keys(ALL) as Group[],
): void {
  describe.each(groups.map((group): [Group, Cases] => [group, ALL[group]]))(
    `${name}: %s`,
    (_, cases) => {
      it.each(Object.entries(cases))('%s', async (__, run) => {
        const subject = await open();
        try {
          await run(subject);
        } finally {
          await subject.close();
        }
      });
    },
  );
}
