/** The commander program over the table of commands; made anew for every line. */

import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { type ArgumentSpec, type CommandSpec, type FlagSpec, Flags } from './commands/command.ts';
import { COMMANDS } from './commands/command-table.ts';
import { COMMON_FLAGS } from './common-flags.ts';
import { outlineOf } from './completion/program-outline.ts';
import { parseEscapes } from './escapes.ts';
import { EXIT_OK, EXIT_USAGE, UsageError } from './exit-codes.ts';
import { complain, reportFailure } from './failure.ts';
import { chosenFormat, type FormatFlag, outputFormat } from './output-format.ts';
import { repeat, repetitionOf } from './repetition.ts';
import type { Shell } from './shell.ts';
import { columnsOf, type ShellIo } from './shell-io.ts';

export interface ProgramOptions {
  readonly io: ShellIo;
  /**
   * Once the flags of the program, e.g. `--url`, are known.
   * @param heedsInterrupt Ctrl-C is to fire its signal
   */
  shellFor(globals: Flags, heedsInterrupt: boolean): Shell;
  /** Offered besides commands; absent inside the interactive shell. */
  readonly globals?: readonly Option[];
  /** The format when no flag chooses one. */
  readonly format?: FormatFlag | undefined;
  /** What no command at all means. */
  withoutCommand(globals: Flags, format: FormatFlag | undefined): Promise<number>;
}

/** Parses the words, runs the command, reports what went wrong; returns the exit code. */
export async function runProgram(
  words: readonly string[],
  options: ProgramOptions,
): Promise<number> {
  let exitCode = EXIT_OK;
  const program = buildProgram(options, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...words], { from: 'user' });
    return exitCode;
  } catch (thrown) {
    // commander has printed its own errors and its help already
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? EXIT_OK : EXIT_USAGE;
    return reportFailure(options.io, thrown);
  }
}

export function buildProgram(options: ProgramOptions, done: (exitCode: number) => void): Command {
  const { io } = options;
  const program = new Command('caskctl')
    .description('The shell of caskd. Without a command it is interactive.')
    .exitOverride()
    .helpCommand('help [command]', 'say how to use a command')
    .allowExcessArguments()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      getOutHelpWidth: () => columnsOf(io.stdout),
      getErrHelpWidth: () => columnsOf(io.stderr),
      outputError: (text) => complain(io, 'USAGE', text.replace(/^error: /, '').trimEnd()),
    })
    .addHelpText('after', options.globals === undefined ? '' : HELP_AFTER);
  for (const option of options.globals ?? []) program.addOption(option);
  for (const flag of COMMON_FLAGS) program.addOption(optionOf(flag));
  for (const spec of COMMANDS) addCommand(program, spec, options, done);
  program.action(async () => {
    const [unknown] = program.args;
    if (unknown !== undefined) {
      throw new UsageError(`there is no command "${unknown}"; help lists them`);
    }
    const flags = new Flags(program.opts());
    if (repetitionOf(flags) !== undefined) throw new UsageError('-r and -i are for a command');
    done(
      await options.withoutCommand(
        flags,
        chosenFormat((flag) => flags.has(flag)),
      ),
    );
  });
  return program;
}

function addCommand(
  program: Command,
  spec: CommandSpec,
  options: ProgramOptions,
  done: (exitCode: number) => void,
): void {
  const command = program.command(spec.name).summary(spec.summary).allowExcessArguments(false);
  command.description(`${spec.summary[0]?.toUpperCase()}${spec.summary.slice(1)}.`);
  for (const argument of spec.args) command.addArgument(argumentOf(argument));
  for (const flag of spec.flags) command.addOption(optionOf(flag));
  if (spec.notes !== undefined) command.addHelpText('after', `\n${spec.notes}`);
  command.action(async () => {
    const flags = new Flags(command.optsWithGlobals());
    const chosen = chosenFormat((flag) => flags.has(flag)) ?? options.format;
    const repetition = spec.repeatsItself?.(flags) ? undefined : repetitionOf(flags);
    const heedsInterrupt = repetition !== undefined || spec.heedsInterrupt?.(flags) === true;
    const shell = options.shellFor(flags, heedsInterrupt);
    const format = outputFormat(chosen, options.io);
    const outline = () => outlineOf(program);
    const run = () => spec.run({ shell, args: command.args, flags, format, outline });
    const failed = (thrown: unknown): number => reportFailure(options.io, thrown);
    done(await (repetition === undefined ? run() : repeat(repetition, shell.signal, run, failed)));
  });
}

function argumentOf({ name, summary, choices }: ArgumentSpec): Argument {
  const argument = new Argument(name, summary);
  return choices === undefined ? argument : argument.choices(choices);
}

function optionOf({ flags, kind, summary }: FlagSpec): Option {
  const option = new Option(flags, summary);
  if (kind === 'switch' || kind === 'text') return option;
  if (kind === 'bytes') return option.argParser(parseEscapes);
  if (kind === 'bytesList') {
    return option.argParser((text, before: Buffer[] = []) => [...before, parseEscapes(text)]);
  }
  if (kind === 'seconds') return option.argParser(parseSeconds);
  return option.argParser((text) => parseInteger(text, kind === 'count' ? 1 : 0));
}

function parseInteger(text: string, min: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number) || number < min) {
    throw new InvalidArgumentError(`It must be an integer of at least ${min}.`);
  }
  return number;
}

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (text === '' || !Number.isFinite(seconds) || seconds <= 0) {
    throw new InvalidArgumentError('It must be a number of seconds above 0.');
  }
  return seconds;
}

const HELP_AFTER = `
Keys and values: \\n \\r \\t \\\\ and \\xNN stand for bytes, and bytes are shown that way.
Exit codes: 0 ok, 1 server error or damage, 2 usage, 3 connection, 4 authentication, 5 not found, 6 conflict,
130 interrupted.
`;
