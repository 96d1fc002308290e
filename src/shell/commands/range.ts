/** range: entries in the order of their keys. */

import type { RangeOptions } from '../../vocabulary/entry.ts';
import { type EntryParts, printEntries, printHeader } from '../entry-printer.ts';
import { formatBytes } from '../escapes.ts';
import { EXIT_OK, EXIT_SERVER_ERROR, UsageError } from '../exit-codes.ts';
import { readableEntries, walkPages } from '../page-walk.ts';
import type { ShellPage } from '../shell-client.ts';
import { columnsOf, isTerminal, paint, type ShellIo, write } from '../shell-io.ts';
import { quoteWord } from '../words.ts';
import type { CommandSpec, FlagSpec, Flags } from './command.ts';

/** Entries shown on a terminal unless more are asked for. */
const TERMINAL_LIMIT = 100;

/** The bounds of a range; `export` takes them too. */
export const BOUND_FLAGS: readonly FlagSpec[] = [
  { flags: '--prefix <bytes>', kind: 'bytes', summary: 'keys that begin with this' },
  { flags: '--start <key>', kind: 'bytes', summary: 'keys from this one on, itself included' },
  { flags: '--end <key>', kind: 'bytes', summary: 'keys before this one' },
];

export const range: CommandSpec = {
  name: 'range',
  summary: 'print entries in the order of their keys',
  args: [],
  flags: [
    ...BOUND_FLAGS,
    { flags: '--after <key>', kind: 'bytes', summary: 'go on behind this key' },
    { flags: '--limit <n>', kind: 'count', summary: 'at most so many entries' },
    { flags: '--reverse', kind: 'switch', summary: 'from the last key to the first' },
    { flags: '--keys-only', kind: 'switch', summary: 'keys without values' },
    { flags: '--print-value-only', kind: 'switch', summary: 'values without keys' },
  ],
  notes: `The default of --limit is ${TERMINAL_LIMIT} on a terminal; elsewhere there is none.`,

  async run({ shell, flags, format }) {
    const { io } = shell;
    const options = { format, parts: partsOf(flags), columns: columnsOf(io.stdout) };
    const limit = flags.number('limit') ?? (isTerminal(io.stdout) ? TERMINAL_LIMIT : Infinity);
    let damaged = false;
    let last: ShellPage | undefined;
    for await (const page of walkPages(shell, rangeRequest(flags), limit)) {
      const entries = readableEntries(shell, page);
      damaged ||= entries.length < page.entries.length;
      const head = last === undefined ? printHeader(options) : '';
      if (head !== '') await write(io.stdout, head);
      await write(io.stdout, printEntries(entries, options));
      last = page;
    }
    if (last !== undefined) noteMore(io, last);
    return damaged ? EXIT_SERVER_ERROR : EXIT_OK;
  },
};

/** Bounds and direction from the flags; only what was given. */
export function rangeRequest(flags: Flags): Omit<RangeOptions, 'limit'> {
  const bounds: Record<string, Buffer> = {};
  for (const name of ['prefix', 'start', 'end', 'after']) {
    const bytes = flags.bytes(name);
    if (bytes !== undefined) bounds[name] = bytes;
  }
  return {
    ...bounds,
    ...(flags.has('reverse') ? { reverse: true } : {}),
    ...(flags.has('keysOnly') ? { keysOnly: true } : {}),
  };
}

function partsOf(flags: Flags): EntryParts {
  const keysOnly = flags.has('keysOnly');
  if (keysOnly && flags.has('printValueOnly')) {
    throw new UsageError('--keys-only and --print-value-only exclude each other');
  }
  if (keysOnly) return 'keys';
  return flags.has('printValueOnly') ? 'values' : 'key-value';
}

/** Says on a terminal that the list goes on, and how to see the rest. */
function noteMore(io: ShellIo, { entries, more }: ShellPage): void {
  const lastKey = entries.at(-1)?.key;
  if (!more || lastKey === undefined || !isTerminal(io.stdout)) return;
  const hint = `... more follow: --after ${quoteWord(formatBytes(lastKey))}, or a higher --limit`;
  io.stderr.write(`${paint(io.stderr, 'dim', hint)}\n`);
}
