/** get: print a value, and nothing else where the output is not a terminal. */

import { csvField, jsonEntry, metaRows, printEntries, printHeader } from '../entry-printer.ts';
import { formatBytes, parseEscapes } from '../escapes.ts';
import { EXIT_NOT_FOUND, EXIT_OK } from '../exit-codes.ts';
import { complain } from '../failure.ts';
import { jsonBytes } from '../json-bytes.ts';
import type { OutputFormat } from '../output-format.ts';
import type { ShellEntry } from '../shell-client.ts';
import { columnsOf, write } from '../shell-io.ts';
import { renderTable } from '../table.ts';
import type { CommandSpec, Invocation } from './command.ts';

export const get: CommandSpec = {
  name: 'get',
  summary: 'print the value of a key',
  args: [{ name: '<key>', kind: 'key', summary: 'the key' }],
  flags: [{ flags: '--entry', kind: 'switch', summary: 'print revision, version and times too' }],
  notes:
    'On a terminal the value is shown with escapes; elsewhere its bytes are written as they are,\n' +
    'without a newline. Exit code 5: no such key.',

  async run(invocation) {
    const { shell, args } = invocation;
    const key = parseEscapes(args[0] ?? '');
    const entry = await (await shell.client()).getEntry(key);
    if (entry === undefined) {
      complain(shell.io, 'NOT_FOUND', `there is no key ${formatBytes(key)}`);
      return EXIT_NOT_FOUND;
    }
    await write(shell.io.stdout, render(invocation, entry));
    return EXIT_OK;
  },
};

/** Prints a value of which nothing else is known, as `get` without `--entry` does. */
export async function printValue(
  { shell, format }: Invocation,
  key: Buffer,
  value: Buffer,
): Promise<void> {
  await write(shell.io.stdout, renderValue(format, key, value));
}

function renderValue(format: OutputFormat, key: Buffer, value: Buffer): string | Uint8Array {
  if (format === 'json') {
    const shown = { ...jsonBytes('key', key), ...jsonBytes('value', value) };
    return `${JSON.stringify(shown)}\n`;
  }
  if (format === 'csv') {
    return `key,value\n${csvField(formatBytes(key))},${csvField(formatBytes(value))}\n`;
  }
  if (format === 'hex') return `${value.toString('hex')}\n`;
  return format === 'table' ? `${formatBytes(value)}\n` : value;
}

function render({ shell, flags, format }: Invocation, entry: ShellEntry): string | Uint8Array {
  const value = entry.value ?? Buffer.alloc(0);
  const withEntry = flags.has('entry');
  if (format === 'json' && withEntry) {
    return `${JSON.stringify(jsonEntry(entry, 'key-value'))}\n`;
  }
  if (format === 'csv') {
    const options = { format, parts: 'key-value', columns: columnsOf(shell.io.stdout) } as const;
    return printHeader(options) + printEntries([entry], options);
  }
  if (withEntry && format !== 'raw') {
    const shown = format === 'hex' ? value.toString('hex') : formatBytes(value);
    return renderTable([['key', formatBytes(entry.key)], ...metaRows(entry), ['value', shown]]);
  }
  return renderValue(format, entry.key, value);
}
