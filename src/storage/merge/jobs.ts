/** The background jobs by name: what a host runs. */

import type { BackupJobInput } from '../backup/backup-input.ts';
import { runBackupJob } from '../backup/backup-job.ts';
import type { Environment, JobMessage, JobName, JobPort } from '../disk/environment.ts';
import { toFileError } from '../disk/file-system.ts';
import { runScrubJob, type ScrubJobInput } from '../scrub/scrub-job.ts';
import { runHintJob } from './hint-job.ts';
import type { HintJobInput, MergeJobInput } from './job-input.ts';
import { runMergeJob } from './merge-job.ts';

type Job = (environment: Environment, port: JobPort, input: JobMessage) => Promise<void>;

const JOBS: Readonly<Record<JobName, Job>> = {
  merge: (environment, port, input) =>
    runMergeJob(environment, port, input as unknown as MergeJobInput),
  'build-hint': (environment, port, input) =>
    runHintJob(environment, port, input as unknown as HintJobInput),
  backup: (environment, port, input) =>
    runBackupJob(environment, port, input as unknown as BackupJobInput),
  scrub: (environment, port, input) =>
    runScrubJob(environment, port, input as unknown as ScrubJobInput),
};

/** @throws CaskError whatever went wrong: a full disk and a failing one are told from bugs */
export async function runJob(
  name: JobName,
  environment: Environment,
  port: JobPort,
  input: JobMessage,
): Promise<void> {
  try {
    await JOBS[name](environment, port, input);
  } catch (error) {
    throw toFileError(error, 'a file of it');
  }
}
