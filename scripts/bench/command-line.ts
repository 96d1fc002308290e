/** The command line of the benchmark. */

import { Argument, Command, InvalidArgumentError } from 'commander';
import type { BenchPart, BenchSize } from './part.ts';

export type BenchCommand =
  | { readonly action: 'list' }
  | {
      readonly action: 'run';
      readonly parts: readonly BenchPart[];
      readonly size: SizeGiven;
      /** docs/benchmarks.md is renewed. */
      readonly page: boolean;
    }
  | { readonly action: 'profile'; readonly part: BenchPart; readonly size: SizeGiven };

export type SizeGiven = Partial<BenchSize>;

function countOf(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('It is 1 or more.');
  return count;
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (!(seconds > 0)) throw new InvalidArgumentError('It is a number above 0.');
  return seconds;
}

/** @param argv without the program. @throws CommanderError; it prints and exits unless told otherwise */
export function parseCommandLine(
  argv: readonly string[],
  parts: readonly BenchPart[],
  prepare: (command: Command) => void = () => {},
): BenchCommand {
  let parsed: BenchCommand | undefined;
  const named = (names: readonly string[]) => parts.filter(({ name }) => names.includes(name));
  const names = parts.map(({ name }) => name);
  const published = parts.filter(({ isPublished }) => isPublished).map(({ name }) => name);
  const program = new Command('bench')
    .description('Measures the daemon beside its peers and renews docs/benchmarks.md.')
    .addHelpText('after', `\n${listText(parts)}`);
  const sized = (command: Command) =>
    command
      .option('--rounds <n>', 'how often each figure is measured', countOf)
      .option('--seconds <s>', 'how long each measurement lasts', secondsOf)
      .option('--keys <n>', 'how many keys', countOf);
  const run = sized(program.command('run', { isDefault: true }))
    .description('measure parts: those named, or all that have a section')
    .addArgument(new Argument('[parts...]').choices(names).default(published))
    .option('--no-page', 'leave docs/benchmarks.md as it is')
    .action((chosen: readonly string[], { page, ...size }: SizeGiven & { page: boolean }) => {
      parsed = { action: 'run', parts: named(chosen), size, page };
    });
  const profile = sized(program.command('profile'))
    .description('measure a part once, and tell where the daemon spends its time')
    .addArgument(new Argument('<part>').choices(names))
    .action((chosen: string, size: SizeGiven) => {
      for (const part of named([chosen])) parsed = { action: 'profile', part, size };
    });
  const list = program
    .command('list')
    .description('the parts')
    .action(() => {
      parsed = { action: 'list' };
    });
  for (const command of [program, run, profile, list]) prepare(command);
  program.parse([...argv], { from: 'user' });
  if (parsed === undefined) throw new Error('no command was given');
  return parsed;
}

export function listText(parts: readonly BenchPart[]): string {
  const width = parts.reduce((most, { name }) => Math.max(most, name.length), 0);
  return parts.map(({ name, summary }) => `${name.padEnd(width)}  ${summary}`).join('\n');
}
