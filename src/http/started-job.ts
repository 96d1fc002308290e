/** Long work over HTTP: begun by one request, watched and stopped by others. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { JobRegistry } from '../storage/jobs/job-registry.ts';
import type { JobStatus } from '../vocabulary/job-status.ts';

/**
 * Begins work that becomes a job of this kind, and gives the job.
 * @throws what the work fails of before it is a job
 */
export async function startedJob(
  jobs: JobRegistry,
  kind: string,
  start: () => Promise<object>,
): Promise<JobStatus> {
  const before = newestId(jobs);
  const end: { isOver: boolean; problem?: unknown } = { isOver: false };
  const work = start()
    .catch((thrown) => {
      end.problem = thrown;
    })
    .finally(() => {
      end.isOver = true;
    });
  for (;;) {
    const job = jobs.list().find((one) => one.kind === kind && one.id > before);
    if (job !== undefined) return job;
    if (end.isOver) throw end.problem ?? new Error(`${kind} was done without a job`);
    await Promise.race([work, nextTurn()]);
  }
}

function newestId(jobs: JobRegistry): number {
  return Math.max(0, ...jobs.list().map(({ id }) => id));
}
