/** Deleting many keys from the shell: what is at stake is said first, and asked about. */

import { toCaskError } from '../errors/cask-error.ts';
import type { DeleteRangeOptions, DeleteRangeResult } from '../vocabulary/entry.ts';
import type { Invocation } from './commands/command.ts';
import { confirm, requireTerminal } from './confirm.ts';
import { EXIT_INTERRUPTED, EXIT_OK, EXIT_SERVER_ERROR } from './exit-codes.ts';
import { complain } from './failure.ts';
import { printResult } from './print-result.ts';
import { ProgressBar } from './progress.ts';
import { formatCount, formatCounted, formatDuration } from './quantity.ts';
import { isCancelled } from './repetition.ts';

/** Flags of `delete-range` and `delete-prefix`. */
export const DELETION_FLAGS = [
  { flags: '--yes', kind: 'switch', summary: 'do not ask before deleting' },
  { flags: '--dry-run', kind: 'switch', summary: 'only say how many keys there are' },
] as const;

export const DELETION_NOTES =
  'On a terminal it says how many keys there are and asks; elsewhere, and in the interactive\n' +
  'shell, it wants --yes. The server deletes in chunks while it serves others, and spares what is\n' +
  'written after it began. Ctrl-C stops it: what is deleted until then stays deleted, and the exit\n' +
  'code is 130. If the connection breaks off the server goes on: see jobs.';

/** @param what the keys in words: `that begin with user:` */
export async function deleteKeys(
  invocation: Invocation,
  range: DeleteRangeOptions,
  what: string,
): Promise<number> {
  const { shell, flags } = invocation;
  const isSure = flags.has('yes');
  const isDryRun = flags.has('dryRun');
  if (!isSure && !isDryRun) requireTerminal(shell, '--yes');
  const client = await shell.client();
  const { start, end, prefix } = range;
  const keys = await client.count({ start, end, prefix });
  if (isDryRun) {
    await printResult(invocation, { keys }, `${formatCounted(keys, 'key')} ${what}`);
    return EXIT_OK;
  }
  const question = `Delete ${formatCounted(keys, 'key')} ${what}?`;
  if (!isSure && keys > 0 && !(await confirm(shell, question))) {
    await printResult(invocation, { deleted: 0 }, 'nothing was deleted');
    return EXIT_SERVER_ERROR;
  }
  return runDeletion(invocation, range, keys);
}

async function runDeletion(
  invocation: Invocation,
  range: DeleteRangeOptions,
  keys: number,
): Promise<number> {
  const { shell } = invocation;
  const { signal } = shell;
  const bar = new ProgressBar(shell.io.stderr, { unit: 'keys', bytesTotal: keys });
  const onProgress = (done: number): void => bar.update(done, done);
  let result: DeleteRangeResult;
  try {
    const client = await shell.client();
    result = await client.deleteRange({ ...range, signal, onProgress });
  } catch (thrown) {
    bar.clear();
    const { details } = toCaskError(thrown);
    const deleted = details?.['deleted'];
    const much = typeof deleted === 'number' ? formatCounted(deleted, 'key') : 'some keys';
    if (!isCancelled(thrown, signal)) {
      complain(shell.io, 'STOPPED', `${much} may be gone; the rest is still there`);
      throw thrown;
    }
    complain(shell.io, 'INTERRUPTED', `${much} were deleted; the rest is still there`);
    return EXIT_INTERRUPTED;
  }
  bar.clear();
  const ms = Math.round(bar.elapsedMs());
  const { deleted, revision } = result;
  await printResult(invocation, { deleted, revision: revision ?? null, ms }, sentence(deleted, ms));
  return EXIT_OK;
}

function sentence(deleted: number, ms: number): string {
  const rate = formatCount(Math.round(deleted / Math.max(ms / 1000, 0.001)));
  return `${formatCounted(deleted, 'key')} deleted, ${formatDuration(ms)} (${rate}/s)`;
}
