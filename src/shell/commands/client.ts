/** client: list connections, or close one. */

import { EXIT_NOT_FOUND, EXIT_OK, UsageError } from '../exit-codes.ts';
import { complain } from '../failure.ts';
import { printResult } from '../print-result.ts';
import { listClients } from './clients.ts';
import type { CommandSpec, Invocation } from './command.ts';

export const client: CommandSpec = {
  name: 'client',
  summary: 'list connections, or close one',
  args: [
    { name: '<action>', kind: 'words', summary: 'what to do', choices: ['list', 'kill'] },
    { name: '[id]', kind: 'value', summary: 'of the client to kill, as list shows it' },
  ],
  flags: [],
  notes:
    'Needs the role admin where users are configured. Who is killed is told so, and mostly\n' +
    'connects again by itself. Exit code 5: no such client.',

  async run(invocation) {
    const [action, id] = invocation.args;
    if (action === 'kill') return kill(invocation, id);
    if (id !== undefined) throw new UsageError('list takes no id');
    return listClients(invocation);
  },
};

async function kill(invocation: Invocation, text: string | undefined): Promise<number> {
  const { shell } = invocation;
  if (text === undefined || !/^\d{1,15}$/.test(text)) {
    throw new UsageError('kill needs the id of a client; client list shows them');
  }
  const killed = await (await shell.client()).killClient(Number(text));
  if (!killed) {
    complain(shell.io, 'NOT_FOUND', `there is no client ${text}`);
    return EXIT_NOT_FOUND;
  }
  await printResult(invocation, { killed: Number(text) }, `ok, client ${text} is being closed`);
  return EXIT_OK;
}
