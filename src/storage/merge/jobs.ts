/** The background jobs by name: what a host runs. */

import type { Environment, JobMessage, JobName, JobPort } from '../disk/environment.ts';
import { runHintJob } from './hint-job.ts';
import type { HintJobInput, MergeJobInput } from './job-input.ts';
import { runMergeJob } from './merge-job.ts';

export function runJob(
  name: JobName,
  environment: Environment,
  port: JobPort,
  input: JobMessage,
): Promise<void> {
  return name === 'merge'
    ? runMergeJob(environment, port, input as unknown as MergeJobInput)
    : runHintJob(environment, port, input as unknown as HintJobInput);
}
