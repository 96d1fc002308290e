/** What a worker thread runs: one job, then the thread ends. */

import { workerData } from 'node:worker_threads';
import { parentLine, type WorkerInput } from '../disk/job-ports.ts';
import { createNodeEnvironment } from '../disk/node-environment.ts';
import { runJob } from './jobs.ts';

const { name, input } = workerData as WorkerInput;
const line = parentLine();
try {
  await runJob(name, createNodeEnvironment(), line.port, input);
} finally {
  line.close();
}
