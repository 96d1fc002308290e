/** The worker thread of a fuzz run: what hangs or runs out of memory here takes nobody along. */

import { parentPort, workerData } from 'node:worker_threads';
import { type FuzzPlan, runFuzzJob } from './fuzz-job.ts';
import { targetNamed } from './targets/index.ts';

const { plan, progress } = workerData as { plan: FuzzPlan; progress: Int32Array };

const result = await runFuzzJob(targetNamed(plan.target), plan, (index) => {
  Atomics.store(progress, 0, index);
  Atomics.add(progress, 1, 1);
});
parentPort?.postMessage(result);
