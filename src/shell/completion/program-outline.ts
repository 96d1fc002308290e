/**
 * What a program takes, read from its parser: what completion offers and manual pages list is
 * therefore what the parser knows.
 */

import type { Argument, Command, Help, Option } from 'commander';

export interface FlagOutline {
  /** `--ttl-ms`, or the short one where there is no long one. */
  readonly name: string;
  /** `-x` */
  readonly short: string | undefined;
  /** The placeholder without its brackets, `ms`; undefined: the flag takes no value. */
  readonly value: string | undefined;
  /** All the values there are; undefined: any. */
  readonly choices: readonly string[] | undefined;
  readonly summary: string;
}

export interface ArgumentOutline {
  /** Without its brackets: `key`. */
  readonly name: string;
  readonly isRequired: boolean;
  /** It takes all the words that follow. */
  readonly isRest: boolean;
  readonly choices: readonly string[] | undefined;
  readonly summary: string;
}

export interface CommandOutline {
  readonly name: string;
  readonly summary: string;
  readonly args: readonly ArgumentOutline[];
  /** Its own, without those of the program, which may follow, too. */
  readonly flags: readonly FlagOutline[];
}

export interface ProgramOutline extends CommandOutline {
  readonly commands: readonly CommandOutline[];
}

/** The name of commander's own command, which takes the name of another. */
export const HELP_COMMAND = 'help';

export function outlineOf(program: Command): ProgramOutline {
  const outline = commandOutline(program);
  const commands = program.createHelp().visibleCommands(program).map(commandOutline);
  const names = commands.map(({ name }) => name);
  const common = outline.flags.map(({ name }) => name);
  return {
    ...outline,
    commands: commands.map((command) => ({
      ...withNames(command, names),
      flags: command.flags.filter(({ name }) => !common.includes(name)),
    })),
  };
}

function commandOutline(command: Command): CommandOutline {
  const help = command.createHelp();
  return {
    name: command.name(),
    summary: command.summary() || command.description(),
    args: command.registeredArguments.map(argumentOutline),
    flags: help.visibleOptions(command).map((option) => flagOutline(option, help)),
  };
}

/** `help` takes the name of a command. */
function withNames(command: CommandOutline, names: readonly string[]): CommandOutline {
  if (command.name !== HELP_COMMAND) return command;
  return { ...command, args: command.args.map((argument) => ({ ...argument, choices: names })) };
}

function argumentOutline(argument: Argument): ArgumentOutline {
  return {
    name: argument.name(),
    isRequired: argument.required,
    isRest: argument.variadic,
    choices: argument.argChoices,
    summary: argument.description,
  };
}

const PLACEHOLDER = /[<[]([^>\]]+)[>\]]$/;

function flagOutline(option: Option, help: Help): FlagOutline {
  const [, placeholder] = PLACEHOLDER.exec(help.optionTerm(option)) ?? [];
  return {
    name: option.long ?? option.short ?? option.flags,
    short: option.long === undefined ? undefined : option.short,
    value: placeholder,
    choices: option.argChoices,
    summary: option.description,
  };
}

/** Values with these names are paths. */
const PATHS = new Set(['file', 'directory', 'folder', 'path']);

/** What may stand for a value: some words, a path, or nothing that could be listed. */
export function candidatesFor(value: {
  readonly name: string;
  readonly choices: readonly string[] | undefined;
}): readonly string[] | 'paths' | 'unknown' {
  if (value.choices !== undefined) return value.choices;
  return PATHS.has(value.name) ? 'paths' : 'unknown';
}

/** Both names of a flag. */
export function namesOfFlag({ name, short }: FlagOutline): string[] {
  return short === undefined ? [name] : [short, name];
}
