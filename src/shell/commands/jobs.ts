/** jobs: the long work of the server, what runs and what ran last. */

import type { JobStatus } from '../../vocabulary/job-status.ts';
import { EXIT_OK } from '../exit-codes.ts';
import { type Column, printRows } from '../fact-rows.ts';
import { formatByteCount, formatCount, formatDuration, formatMoment } from '../quantity.ts';
import type { CommandSpec, Invocation } from './command.ts';

const COLUMNS: readonly Column<JobStatus>[] = [
  { name: 'id', title: 'id', value: ({ id }) => id },
  { name: 'kind', title: 'kind', value: ({ kind }) => kind },
  { name: 'state', title: 'state', value: ({ state }) => state },
  { name: 'done', title: 'done', value: ({ done }) => done, show: (job) => amount(job.done, job) },
  {
    name: 'total',
    title: 'of',
    value: ({ total }) => total,
    show: (job) => (job.total === undefined ? '?' : amount(job.total, job)),
  },
  { name: 'unit', title: '', value: ({ unit }) => unit },
  {
    name: 'startedAt',
    title: 'started',
    value: ({ startedAt }) => startedAt,
    show: ({ startedAt }) => formatMoment(startedAt).replace(/\.\d+Z$/, 'Z'),
  },
  { name: 'ms', title: 'took', value: ({ ms }) => ms, show: ({ ms }) => formatDuration(ms) },
  { name: 'error', title: 'error', value: ({ error }) => error?.code },
  {
    name: 'message',
    title: '',
    value: ({ error }) => error?.message,
    show: ({ error }) => error?.message ?? '',
  },
];

function amount(count: number, { unit }: JobStatus): string {
  return unit === 'bytes' ? formatByteCount(count) : formatCount(count);
}

export async function listJobs(invocation: Invocation): Promise<number> {
  const found = await (await invocation.shell.client()).jobs();
  await printRows(invocation, found, COLUMNS);
  return EXIT_OK;
}

export const jobs: CommandSpec = {
  name: 'jobs',
  summary: 'list the long work of the server: what runs, and what ran last',
  args: [],
  flags: [],
  notes:
    'Deleting of ranges, backups and the like. Needs the role admin where users are configured.\n' +
    'job cancel stops one.',

  run: listJobs,
};
