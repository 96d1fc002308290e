/** Completion of commands, flags and keys. */

import { COMMANDS } from './commands/command-table.ts';
import { COMMON_FLAGS } from './common-flags.ts';
import { formatBytes, parseEscapes } from './escapes.ts';
import { argumentAt, type LineContext, lineContext, namesOf } from './line-context.ts';
import type { ShellClient } from './shell-client.ts';

/** Keys offered at once. */
const KEYS_MAX = 20;
/** Commands of the interactive shell itself. */
export const SESSION_COMMANDS = ['help', 'exit'] as const;

/** Candidates, and the end of the line that they replace. */
export type Completion = [candidates: string[], typed: string];

export async function complete(
  line: string,
  client: () => Promise<ShellClient>,
): Promise<Completion> {
  const context = lineContext(line);
  const candidates = await candidatesFor(context, client);
  return [candidates.filter((word) => word.startsWith(context.typed)), context.typed];
}

async function candidatesFor(
  context: LineContext,
  client: () => Promise<ShellClient>,
): Promise<string[]> {
  const names = COMMANDS.map((command) => command.name);
  if (context.isFirst) return spaced([...names, ...SESSION_COMMANDS]);
  if (context.commandName === 'help') return spaced(names);
  const { command } = context;
  if (command === undefined) return [];
  if (wantsKey(context)) return keysFor(context, client);
  if (context.flagAwaiting !== undefined || !context.word.startsWith('-')) return [];
  return spaced([...command.flags, ...COMMON_FLAGS].flatMap(namesOf));
}

function wantsKey({ command, word, argumentCount, flagAwaiting }: LineContext): boolean {
  if (flagAwaiting !== undefined) return flagAwaiting.kind === 'bytes';
  if (command === undefined || word.startsWith('-')) return false;
  return argumentAt(command, argumentCount)?.kind === 'key';
}

async function keysFor(
  { word, typed }: LineContext,
  client: () => Promise<ShellClient>,
): Promise<string[]> {
  const prefix = parseEscapes(word);
  const request = { keysOnly: true, limit: KEYS_MAX, ...(prefix.length > 0 ? { prefix } : {}) };
  const { entries } = await (await client()).rangePage(request);
  // a quote that was begun is kept, and closed
  const quote = /^["']/.exec(typed)?.[0];
  return entries.map(({ key }) => `${asTyped(formatBytes(key), quote)} `);
}

/** The key as a word of the line. */
function asTyped(key: string, begun: string | undefined): string {
  const quote = begun ?? (/[\s"']/.test(key) ? '"' : '');
  if (quote === '') return key;
  return `${quote}${quote === '"' ? key.replaceAll('"', '\\"') : key}${quote}`;
}

/** A space behind a complete word saves typing one. */
function spaced(words: readonly string[]): string[] {
  return words.map((word) => `${word} `);
}
