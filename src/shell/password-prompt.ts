/** Asks for a password on a terminal, without showing it. */

import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CaskError } from '../errors/cask-error.ts';
import type { ShellIo } from './shell-io.ts';

/** What readline would show goes nowhere. */
function silence(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

/** @throws CaskError CANCELLED at Ctrl-C and at the end of the input */
export async function askPassword(io: ShellIo, question: string): Promise<string> {
  const lines = createInterface({
    input: io.stdin,
    output: silence(),
    // readline edits the line, and switches off the terminal's own echo
    terminal: true,
    historySize: 0,
  });
  // only now, so that who answers at once is not shown either
  io.stderr.write(question);
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('close', () => reject(new CaskError('CANCELLED', 'no password was given')));
    });
  } finally {
    lines.close();
    io.stderr.write('\n');
  }
}
