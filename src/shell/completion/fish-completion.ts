/** Completion for fish 3 and newer. */

import {
  type ArgumentOutline,
  type CommandOutline,
  candidatesFor,
  type FlagOutline,
  type ProgramOutline,
} from './program-outline.ts';

/** A script to be sourced, or put into a folder of completions. */
export function fishCompletion(program: ProgramOutline): string {
  const { name, commands, args, flags } = program;
  const lines = [
    `# fish completion for ${name}`,
    '',
    `complete -c ${name} -f`,
    ...flags.map((flag) => flagLine(name, flag, undefined)),
    ...args.flatMap((argument) => argumentLine(name, argument, undefined)),
    ...commands.flatMap((command) => commandLines(name, command)),
  ];
  return `${lines.join('\n')}\n`;
}

function commandLines(program: string, command: CommandOutline): string[] {
  const { name, summary, flags, args } = command;
  const when = `__fish_seen_subcommand_from ${name}`;
  return [
    `complete -c ${program} -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    ...flags.map((flag) => flagLine(program, flag, when)),
    ...args.flatMap((argument) => argumentLine(program, argument, when)),
  ];
}

function flagLine(program: string, flag: FlagOutline, when: string | undefined): string {
  const { name, short, value, choices, summary } = flag;
  const letters = short === undefined ? '' : ` -s ${short.slice(1)}`;
  const long = name.startsWith('--') ? ` -l ${name.slice(2)}` : ` -s ${name.slice(1)}`;
  const taken = value === undefined ? '' : ` ${takenBy(value, choices)}`;
  return `complete -c ${program}${condition(when)}${letters}${long}${taken} -d ${quoted(summary)}`;
}

/** A line for what can be listed; nothing for what cannot. */
function argumentLine(
  program: string,
  { name, choices }: ArgumentOutline,
  when: string | undefined,
): string[] {
  const candidates = candidatesFor({ name, choices });
  if (candidates === 'unknown') return [];
  const offered = candidates === 'paths' ? '-F' : `-a ${quoted(candidates.join(' '))}`;
  return [`complete -c ${program}${condition(when)} ${offered}`];
}

function condition(when: string | undefined): string {
  return when === undefined ? '' : ` -n ${quoted(when)}`;
}

function takenBy(name: string, choices: readonly string[] | undefined): string {
  const candidates = candidatesFor({ name, choices });
  if (candidates === 'unknown') return '-x';
  return candidates === 'paths' ? '-r -F' : `-x -a ${quoted(candidates.join(' '))}`;
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
