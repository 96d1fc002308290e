/** Looks on while the server does something long, with a progress bar on a terminal. */

import { setTimeout as sleep } from 'node:timers/promises';
import { ProgressBar } from './progress.ts';
import type { Shell } from './shell.ts';
import type { ShellClient } from './shell-client.ts';
import { isTerminal } from './shell-io.ts';

const POLL_MS = 200;

interface RunningJob {
  readonly kind: string;
  readonly done: number;
  readonly total: number;
}

/** Settles as `work` does. @param kind of the server's job, whose unit is bytes */
export async function whileRunning<T>(
  shell: Shell,
  client: ShellClient,
  kind: string,
  work: Promise<T>,
): Promise<T> {
  const done = new AbortController();
  const ending = work.finally(() => done.abort());
  const [result] = await Promise.all([ending, showProgress(shell, client, kind, done.signal)]);
  return result;
}

async function showProgress(
  { io, signal }: Shell,
  client: ShellClient,
  kind: string,
  done: AbortSignal,
): Promise<void> {
  if (!isTerminal(io.stderr)) return;
  let bar: ProgressBar | undefined;
  while (!done.aborted && !signal?.aborted) {
    // a failure shows in the reply to the work itself
    const job = jobOf(await client.stats().catch(() => ({})), kind);
    if (job !== undefined) {
      bar ??= new ProgressBar(io.stderr, { unit: undefined, bytesTotal: job.total });
      bar.update(0, job.done);
    }
    await sleep(POLL_MS, undefined, { signal: done }).catch(() => {});
  }
  bar?.clear();
}

/** The job, once it is known how much it is. */
function jobOf(stats: object, wanted: string): RunningJob | undefined {
  const { jobs = [] } = stats as { readonly jobs?: readonly RunningJob[] };
  return jobs.find(({ kind, total }) => kind === wanted && total > 0);
}
