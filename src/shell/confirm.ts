/** A question before something that cannot be taken back. */

import { createInterface } from 'node:readline/promises';
import { UsageError } from './exit-codes.ts';
import type { Shell } from './shell.ts';
import { isTerminal } from './shell-io.ts';

/** Throws USAGE where nobody can be asked: in a script, a pipe, or inside the interactive shell. */
export function requireTerminal({ io, stdinTaken }: Shell, flag: string): void {
  if (isTerminal(io.stdin) && !stdinTaken) return;
  throw new UsageError(`there is no terminal to ask on: give ${flag} to go ahead without asking`);
}

/** True for an answer that begins with y. */
export async function confirm({ io }: Shell, question: string): Promise<boolean> {
  const lines = createInterface({ input: io.stdin, output: io.stderr });
  // a closed terminal is a no
  const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  try {
    const answer = await Promise.race([lines.question(`${question} [y/N] `), closed]);
    return /^\s*y/i.test(answer);
  } finally {
    lines.close();
  }
}
