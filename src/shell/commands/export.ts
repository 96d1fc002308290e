/** export: every entry as NDJSON, in the form that import reads. */

import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { EXIT_INTERRUPTED, EXIT_OK, EXIT_SERVER_ERROR, UsageError } from '../exit-codes.ts';
import { complain } from '../failure.ts';
import { jsonBytes } from '../json-bytes.ts';
import { readableEntries, walkPages } from '../page-walk.ts';
import { ProgressBar } from '../progress.ts';
import { formatCount, formatCounted } from '../quantity.ts';
import { isCancelled } from '../repetition.ts';
import type { Shell } from '../shell.ts';
import type { ShellEntry } from '../shell-client.ts';
import { isTerminal, type ShellOutput, write } from '../shell-io.ts';
import type { CommandSpec, Flags } from './command.ts';
import { BOUND_FLAGS, rangeRequest } from './range.ts';

export const exportCommand: CommandSpec = {
  name: 'export',
  summary: 'write entries in the form that import reads',
  args: [{ name: '[file]', kind: 'file', summary: 'a new file; standard output without it' }],
  flags: BOUND_FLAGS,
  notes:
    'One JSON object per line: key or key_b64, value or value_b64, and for an entry that expires\n' +
    'expires_at, in ms since 1970. Pages are read one after the other: what is written meanwhile\n' +
    'may or may not be included. Ctrl-C ends it with exit code 130, and says how much is written.',
  heedsInterrupt: () => true,

  async run({ shell, args, flags }) {
    const [file = '-'] = args;
    if (file === '-') return (await exportTo(shell, flags, shell.io.stdout)).exitCode;
    const stream = createWriteStream(file, { flags: 'wx', mode: 0o600 });
    const failed = finished(stream);
    // the failure is awaited below; until then it must not count as unhandled
    failed.catch(() => {});
    try {
      const { entries, exitCode } = await Promise.race([
        exportTo(shell, flags, stream),
        failed.then(() => Promise.reject(new Error('the file was closed'))),
      ]);
      stream.end();
      await failed;
      if (exitCode !== EXIT_INTERRUPTED) {
        await write(shell.io.stdout, `${formatCount(entries)} exported\n`);
      }
      return exitCode;
    } catch (error) {
      stream.destroy();
      throw isSystemError(error) ? new UsageError(`cannot write ${file}: ${error.message}`) : error;
    }
  },
};

async function exportTo(
  shell: Shell,
  flags: Flags,
  stream: ShellOutput,
): Promise<{ entries: number; exitCode: number }> {
  const bar = new ProgressBar(shell.io.stderr, { unit: 'entries', bytesTotal: undefined });
  let entries = 0;
  let exitCode = EXIT_OK;
  try {
    for await (const page of walkPages(shell, rangeRequest(flags), Infinity)) {
      const readable = readableEntries(shell, page);
      if (readable.length < page.entries.length) exitCode = EXIT_SERVER_ERROR;
      await write(stream, exportLines(readable));
      entries += readable.length;
      // entries and a bar on one screen would write into each other
      if (!isTerminal(stream)) bar.update(entries, 0);
    }
  } catch (thrown) {
    if (!isCancelled(thrown, shell.signal)) throw thrown;
    bar.clear();
    const much = formatCounted(entries, 'entry', 'entries');
    complain(shell.io, 'INTERRUPTED', `the export is incomplete: ${much} were written`);
    return { entries, exitCode: EXIT_INTERRUPTED };
  }
  bar.clear();
  return { entries, exitCode };
}

export function exportLines(entries: readonly ShellEntry[]): string {
  let text = '';
  for (const { key, value, expiresAt } of entries) {
    const line = {
      ...jsonBytes('key', key),
      ...jsonBytes('value', value ?? Buffer.alloc(0)),
      ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    };
    text += `${JSON.stringify(line)}\n`;
  }
  return text;
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
