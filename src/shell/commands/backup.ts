/** backup: have the server write a backup on its own machine, and look on. */

import type { BackupResult } from '../../vocabulary/backup.ts';
import { EXIT_OK, EXIT_SERVER_ERROR } from '../exit-codes.ts';
import { printResult } from '../print-result.ts';
import { formatByteCount, formatCounted, formatDuration } from '../quantity.ts';
import { whileRunning } from '../running-job.ts';
import type { CommandSpec } from './command.ts';

export const backup: CommandSpec = {
  name: 'backup',
  summary: 'have the server take a backup; waits until it is done',
  args: [
    {
      name: '[directory]',
      kind: 'file',
      summary: "on the server's machine, absolute, within its backupDirectory; that one by default",
    },
  ],
  flags: [
    { flags: '--keep <count>', kind: 'count', summary: 'remove older backups beyond so many' },
    { flags: '--copies', kind: 'switch', summary: 'copy files that could be hard links' },
    { flags: '--full', kind: 'switch', summary: 'take nothing from the backup before' },
  ],
  notes:
    'The backup is a new directory, named by time and revision. Segments that the backup before\n' +
    'has already take neither time nor space. Interrupted here, the server goes on with it.\n' +
    'Exit code 1: it was not taken, or it is complete and has damage in it that the store has.\n' +
    'restore makes a store of a backup.',

  async run(invocation) {
    const { shell, args, flags } = invocation;
    const client = await shell.client();
    const request = {
      directory: args[0],
      keep: flags.number('keep'),
      copies: flags.has('copies'),
      full: flags.has('full'),
    };
    const work = client.backup(request, { timeoutMs: 0 });
    const result = await whileRunning(shell, client, 'backup', work);
    await printResult(invocation, { ...result }, sentenceOf(result));
    return result.damaged.length > 0 ? EXIT_SERVER_ERROR : EXIT_OK;
  },
};

function sentenceOf(result: BackupResult): string {
  const { path, revision, bytes, bytesReused, bytesCopied, damaged, removed, ms } = result;
  const size = `${formatByteCount(bytes)}, of which ${formatByteCount(bytesReused)} are those of the last backup and ${formatByteCount(bytesCopied)} were copied`;
  const gone = removed.length > 0 ? `; ${formatCounted(removed.length, 'older one')} removed` : '';
  const whole = `${path}: revision ${revision}, ${size}, ${formatDuration(ms)}${gone}`;
  if (damaged.length === 0) return `ok, ${whole}`;
  const segments = `${formatCounted(damaged.length, 'segment')} of the store`;
  return `damaged: ${segments} cannot be read in full, nor in the backup; ${whole}`;
}
