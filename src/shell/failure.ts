/** Whatever went wrong, as one line `CODE: sentence` on stderr and an exit code. */

import { toCaskError } from '../errors/cask-error.ts';
import { EXIT_USAGE, exitCodeOf, UsageError } from './exit-codes.ts';
import { paint, type ShellIo } from './shell-io.ts';

/** Prints `CODE: sentence`. */
export function complain(io: ShellIo, code: string, sentence: string): void {
  io.stderr.write(`${paint(io.stderr, 'red', `${code}:`)} ${sentence}\n`);
}

/** Prints what was thrown; returns the exit code that it stands for. */
export function reportFailure(io: ShellIo, thrown: unknown): number {
  if (thrown instanceof UsageError) {
    complain(io, 'USAGE', thrown.message);
    return EXIT_USAGE;
  }
  const error = toCaskError(thrown);
  complain(io, error.code, error.message + detailsOf(error.details));
  return exitCodeOf(error);
}

/** The facts that help to mend a conflict: ` (revision 12, index 3)`. */
function detailsOf(details: Readonly<Record<string, unknown>> | undefined): string {
  const facts = ['index', 'revision']
    .filter((name) => typeof details?.[name] === 'number')
    .map((name) => `${name} ${details?.[name]}`);
  return facts.length === 0 ? '' : ` (${facts.join(', ')})`;
}
