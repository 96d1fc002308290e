/** What a command of the shell is; the table of them feeds parser, help, completion and hints. */

import type { ProgramOutline } from '../completion/program-outline.ts';
import type { OutputFormat } from '../output-format.ts';
import type { Shell } from '../shell.ts';

/** How an argument is completed. */
export type ArgumentKind = 'key' | 'value' | 'file' | 'words';

export interface ArgumentSpec {
  /** With its brackets: `<key>` must be given, `[value]` may, `[more...]` takes all the rest. */
  readonly name: string;
  readonly kind: ArgumentKind;
  readonly summary: string;
  /** All the values there are. @default any value */
  readonly choices?: readonly string[];
}

/**
 * How the value of a flag is read: `switch` has none; `text` is taken as typed, `bytes` knows
 * escapes, and so does `bytesList`, which may be given several times; `count` is an integer of at least 1, `revision` one of at least 0; `seconds` a number
 * above 0.
 */
export type FlagKind = 'switch' | 'text' | 'bytes' | 'bytesList' | 'count' | 'revision' | 'seconds';

export interface FlagSpec {
  /** As commander takes it: `-r, --repeat <times>`. */
  readonly flags: string;
  readonly kind: FlagKind;
  readonly summary: string;
}

/** The flags of one call by their camel-case names. */
export class Flags {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values[name] === true;
  }

  /** A `count`, `revision` or `seconds`. */
  number(name: string): number | undefined {
    const value = this.#values[name];
    return typeof value === 'number' ? value : undefined;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  bytesList(name: string): readonly Buffer[] | undefined {
    const value = this.#values[name];
    return Array.isArray(value) ? value : undefined;
  }

  bytes(name: string): Buffer | undefined {
    const value = this.#values[name];
    return Buffer.isBuffer(value) ? value : undefined;
  }
}

/** One call of a command. */
export interface Invocation {
  readonly shell: Shell;
  /** As typed: commands read escapes in keys and values themselves. */
  readonly args: readonly string[];
  readonly flags: Flags;
  readonly format: OutputFormat;
  /** All that the program takes. */
  outline(): ProgramOutline;
}

export interface CommandSpec {
  readonly name: string;
  readonly summary: string;
  readonly args: readonly ArgumentSpec[];
  readonly flags: readonly FlagSpec[];
  /** What the help says besides. */
  readonly notes?: string;
  /** Ctrl-C ends it in good order: `shell.signal` fires then, on the command line too. */
  readonly heedsInterrupt?: (flags: Flags) => boolean;
  /** It heeds `-r` and `-i` itself, and is run once. */
  readonly repeatsItself?: (flags: Flags) => boolean;
  /** Returns the exit code; throws CaskError and UsageError. */
  run(invocation: Invocation): Promise<number>;
}

/** `put <key> [value] [-x] [--ttl-ms <ms>] ...`: one line of usage. */
export function usageOf(spec: CommandSpec): string {
  const args = spec.args.map((argument) => argument.name);
  const flags = spec.flags.map((flag) => `[${flag.flags.split(', ').at(-1)}]`);
  return [spec.name, ...args, ...flags].join(' ');
}
