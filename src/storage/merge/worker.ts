/** What a worker thread runs: one job, then the thread ends. */

import { constants, setPriority } from 'node:os';
import { workerData } from 'node:worker_threads';
import { parentLine, type WorkerInput } from '../disk/job-ports.ts';
import { createNodeEnvironment } from '../disk/node-environment.ts';
import { runJob } from './jobs.ts';

/**
 * Where processors are short, requests go first. Linux takes 0 for the calling thread (setpriority(2),
 * C library/kernel differences), others for the process. Where it is forbidden, all are alike.
 */
function standBehindRequests(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {}
}

standBehindRequests();
const { name, input } = workerData as WorkerInput;
const line = parentLine();
try {
  await runJob(name, createNodeEnvironment(), line.port, input);
} finally {
  line.close();
}
