/** Runs every mutation against the standard workloads; one that survives fails the command. */

import { SPARSE_LIMITS } from '../../test/simulation/explorer.ts';
import { describeResult, runMutations } from '../../test/simulation/mutation-run.ts';
import { MUTATIONS } from '../../test/simulation/mutations.ts';

export async function tryMutations(
  seed: number,
  workers: number,
  tasksMax: number,
): Promise<number> {
  const results = await runMutations(MUTATIONS, {
    seed,
    limits: SPARSE_LIMITS,
    tasksMax,
    startsWithKnown: false,
    workers,
    onResult: (result) => console.log(describeResult(result)),
  });
  const survivors = results.filter(({ caughtBy }) => caughtBy === undefined).length;
  console.log(`${results.length - survivors} of ${results.length} mutations caught (seed ${seed})`);
  return survivors === 0 ? 0 : 1;
}
