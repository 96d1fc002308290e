/** job: list long work, or stop it. */

import { EXIT_NOT_FOUND, EXIT_OK, UsageError } from '../exit-codes.ts';
import { complain } from '../failure.ts';
import { printResult } from '../print-result.ts';
import type { CommandSpec, Invocation } from './command.ts';
import { listJobs } from './jobs.ts';

export const job: CommandSpec = {
  name: 'job',
  summary: 'list the long work of the server, or stop some of it',
  args: [
    { name: '<action>', kind: 'words', summary: 'what to do', choices: ['list', 'cancel'] },
    { name: '[id]', kind: 'value', summary: 'of the job to cancel, as jobs shows it' },
  ],
  flags: [],
  notes:
    'A job that is cancelled ends soon; what it has done until then stays. Needs the role admin\n' +
    'where users are configured. Exit code 5: no such job runs.',

  async run(invocation) {
    const [action, id] = invocation.args;
    if (action === 'cancel') return cancel(invocation, id);
    if (id !== undefined) throw new UsageError('list takes no id');
    return listJobs(invocation);
  },
};

async function cancel(invocation: Invocation, text: string | undefined): Promise<number> {
  const { shell } = invocation;
  if (text === undefined || !/^\d{1,15}$/.test(text)) {
    throw new UsageError('cancel needs the id of a job; jobs shows them');
  }
  const cancelled = await (await shell.client()).cancelJob(Number(text));
  if (!cancelled) {
    complain(shell.io, 'NOT_FOUND', `no job ${text} runs`);
    return EXIT_NOT_FOUND;
  }
  await printResult(invocation, { cancelled: Number(text) }, `ok, job ${text} is being stopped`);
  return EXIT_OK;
}
