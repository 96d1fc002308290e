/** Runs a fuzz job in a thread with bounded memory, and ends it when it hangs. */

import { Worker } from 'node:worker_threads';
import type { FuzzPlan, FuzzResult } from './fuzz-job.ts';

/** No input of a few KiB may take this long, however busy the machine. */
const HANG_MS = 20_000;
const LOOK_MS = 1000;
/** Of JavaScript objects; buffers are watched one by one. */
const HEAP_MIB_MAX = 512;

/** @throws Error naming seed and index of the input that hung, or what ended the thread */
export function runFuzz(plan: FuzzPlan): Promise<FuzzResult> {
  const progress = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  const worker = new Worker(new URL('./fuzz-worker.ts', import.meta.url), {
    workerData: { plan, progress },
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB_MAX },
  });
  const at = () => `${plan.target}, seed ${plan.seed}, input ${Atomics.load(progress, 0)}`;
  return new Promise((resolve, reject) => {
    let seen = 0;
    let stillMs = 0;
    const timer = setInterval(() => {
      const fed = Atomics.load(progress, 1);
      stillMs = fed === seen ? stillMs + LOOK_MS : 0;
      seen = fed;
      if (stillMs < HANG_MS) return;
      reject(new Error(`it hangs: ${at()}`));
      void worker.terminate();
    }, LOOK_MS);
    worker.once('message', resolve);
    worker.once('error', (error) => reject(new Error(`${at()}: ${error}`, { cause: error })));
    worker.once('exit', (code) => {
      clearInterval(timer);
      reject(new Error(`the thread ended with ${code}: ${at()}`));
    });
  });
}
