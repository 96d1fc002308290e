/** Runs one task again, in this process: to look into a failure. */

import { describeFailure } from '../../test/simulation/describe-failure.ts';
import { STANDARD_LIMITS } from '../../test/simulation/explorer.ts';
import { runTask } from '../../test/simulation/run-tasks.ts';

export async function replayTask(seed: number, task: number): Promise<number> {
  const { failure, digests } = await runTask(seed, task, STANDARD_LIMITS);
  if (failure === undefined) {
    console.log(`task ${task} of seed ${seed}: ${digests.length} states, nothing wrong`);
    return 0;
  }
  console.log(await describeFailure({ ...failure, task }, seed));
  return 1;
}
