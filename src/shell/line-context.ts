/** What a line of the interactive shell is about so far: for completion and hints. */

import type { ArgumentSpec, CommandSpec, FlagSpec } from './commands/command.ts';
import { commandNamed } from './commands/command-table.ts';
import { COMMON_FLAGS } from './common-flags.ts';
import { splitLine } from './words.ts';

export interface LineContext {
  /** The word that is being typed, as its command would see it; '' when a new one begins. */
  readonly word: string;
  /** The same as it stands in the line, quotes and all. */
  readonly typed: string;
  /** It is the line's first word, the name of a command. */
  readonly isFirst: boolean;
  /** The command; undefined while its name is being typed, or unknown. */
  readonly command: CommandSpec | undefined;
  readonly commandName: string;
  /** Positional arguments that are complete. */
  readonly argumentCount: number;
  /** Flags that are complete, by their long name. */
  readonly flagsGiven: ReadonlySet<string>;
  /** The flag whose value is being typed. */
  readonly flagAwaiting: FlagSpec | undefined;
}

export function lineContext(line: string): LineContext {
  const { words, lastStart } = splitLine(line);
  const typed = line.slice(lastStart);
  const isNew = typed === '';
  const before = isNew ? words : words.slice(0, -1);
  const word = isNew ? '' : (words.at(-1) ?? '');
  const [commandName = ''] = before;
  const command = commandNamed(commandName);
  const rest = command === undefined ? NOTHING_GIVEN : given(command, before.slice(1));
  return { word, typed, isFirst: before.length === 0, command, commandName, ...rest };
}

interface Given {
  readonly argumentCount: number;
  readonly flagsGiven: ReadonlySet<string>;
  readonly flagAwaiting: FlagSpec | undefined;
}

const NOTHING_GIVEN: Given = {
  argumentCount: 0,
  flagsGiven: new Set(),
  flagAwaiting: undefined,
};

/** Sorts the complete words of a command into arguments, flags and values of flags. */
function given(command: CommandSpec, words: readonly string[]): Given {
  const flagsGiven = new Set<string>();
  let argumentCount = 0;
  let flagAwaiting: FlagSpec | undefined;
  for (const word of words) {
    if (flagAwaiting !== undefined) {
      flagAwaiting = undefined;
    } else if (word.startsWith('-')) {
      const known = [...command.flags, ...COMMON_FLAGS];
      const flag = known.find((one) => namesOf(one).includes(word));
      if (flag !== undefined) flagsGiven.add(longName(flag));
      if (flag !== undefined && flag.kind !== 'switch') flagAwaiting = flag;
    } else {
      argumentCount += 1;
    }
  }
  return { argumentCount, flagsGiven, flagAwaiting };
}

/** `-i, --interval <seconds>` -> `-i`, `--interval`. */
export function namesOf(flag: FlagSpec): string[] {
  return flag.flags.split(/,? /).filter((part) => part.startsWith('-'));
}

export function longName(flag: FlagSpec): string {
  return namesOf(flag).at(-1) ?? flag.flags;
}

/** The argument at a position; the last one when it takes all the rest. */
export function argumentAt(command: CommandSpec, position: number): ArgumentSpec | undefined {
  const last = command.args.at(-1);
  return command.args[position] ?? (last?.name.includes('...') ? last : undefined);
}
