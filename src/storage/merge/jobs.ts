/** The background jobs by name: what a host runs. */

import type { Environment, JobMessage, JobName, JobPort } from '../disk/environment.ts';
import { toFileError } from '../disk/file-system.ts';
import { runHintJob } from './hint-job.ts';
import type { HintJobInput, MergeJobInput } from './job-input.ts';
import { runMergeJob } from './merge-job.ts';

/** @throws CaskError whatever went wrong: a full disk and a failing one are told from bugs */
export async function runJob(
  name: JobName,
  environment: Environment,
  port: JobPort,
  input: JobMessage,
): Promise<void> {
  try {
    if (name === 'merge') {
      await runMergeJob(environment, port, input as unknown as MergeJobInput);
    } else {
      await runHintJob(environment, port, input as unknown as HintJobInput);
    }
  } catch (error) {
    throw toFileError(error, 'a file of it');
  }
}
