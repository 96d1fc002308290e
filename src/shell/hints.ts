/** Usage shown behind the cursor while a line is typed. */

import type * as readline from 'node:readline';
import { clearLine, moveCursor } from 'node:readline';
import { COMMANDS } from './commands/command-table.ts';
import { SESSION_COMMANDS } from './completer.ts';
import { argumentAt, lineContext, longName } from './line-context.ts';
import { columnsOf, paint, type ShellInput, type ShellOutput } from './shell-io.ts';
import { clip } from './table.ts';

const ROOM_MIN = 6;

/** What may follow the line as it stands: the rest of the usage, or of a command's name. */
export function hintFor(line: string): string {
  const context = lineContext(line);
  if (context.isFirst) return nameHint(context.word);
  const { command, flagAwaiting } = context;
  if (command === undefined || context.word !== '') return '';
  if (flagAwaiting !== undefined) return flagAwaiting.flags.split(' ').at(-1) ?? '';
  const args = command.args.slice(context.argumentCount).map((argument) => argument.name);
  if (args.length === 0) {
    const last = argumentAt(command, context.argumentCount);
    if (last !== undefined) args.push(last.name);
  }
  const flags = command.flags
    .filter((flag) => !context.flagsGiven.has(longName(flag)))
    .map((flag) => `[${flag.flags.split(', ').at(-1)}]`);
  return [...args, ...flags].join(' ');
}

function nameHint(word: string): string {
  if (word === '') return '';
  const names = [...COMMANDS.map((command) => command.name), ...SESSION_COMMANDS];
  const [name, other] = names.filter((candidate) => candidate.startsWith(word));
  return name === undefined || other !== undefined ? '' : name.slice(word.length);
}

/** Draws hints behind the cursor of a readline, in grey, and takes them away before each key. */
export function attachHints(
  lines: readline.Interface,
  input: ShellInput,
  output: ShellOutput,
  isIdle: () => boolean,
): void {
  let drawn = false;
  input.prependListener('keypress', () => {
    if (drawn) clearLine(output, 1);
    drawn = false;
  });
  input.on('keypress', () => {
    if (!isIdle() || lines.cursor !== lines.line.length) return;
    const room = columnsOf(output) - lines.getCursorPos().cols - 1;
    const hint = hintFor(lines.line);
    if (hint === '' || room < ROOM_MIN) return;
    const text = clip(hint, room);
    output.write(paint(output, 'gray', text));
    moveCursor(output, -text.length, 0);
    drawn = true;
  });
}
