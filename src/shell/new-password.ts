/** The password that a user is to have: from stdin, the environment or a prompt. */

import { UsageError } from './exit-codes.ts';
import { stdinOf } from './input-file.ts';
import { askPassword } from './password-prompt.ts';
import type { Shell } from './shell.ts';
import { isTerminal, readAll } from './shell-io.ts';

const CHARACTERS_MIN = 8;
const BYTES_MAX = 1024;

/** @throws UsageError when there is none, or it is too short or too long */
export async function newPassword(shell: Shell, isOnStdin: boolean): Promise<string> {
  const password = await givenPassword(shell, isOnStdin);
  const characters = [...password].length;
  if (characters < CHARACTERS_MIN) {
    throw new UsageError(`the password has ${characters} characters; ${CHARACTERS_MIN} at least`);
  }
  if (Buffer.byteLength(password) > BYTES_MAX) {
    throw new UsageError(`the password is longer than ${BYTES_MAX} bytes`);
  }
  return password;
}

async function givenPassword(shell: Shell, isOnStdin: boolean): Promise<string> {
  const { io, stdinTaken } = shell;
  if (isOnStdin) return passwordFromStdin(shell);
  const inEnvironment = io.env['CASKCTL_PASSWORD'];
  if (inEnvironment !== undefined) return inEnvironment;
  if (!isTerminal(io.stdin) || stdinTaken) {
    throw new UsageError('there is no terminal to ask on: give CASKCTL_PASSWORD, or -x for stdin');
  }
  const password = await askPassword(io, 'Password: ');
  const again = await askPassword(io, 'The same again: ');
  if (password !== again) throw new UsageError('the two are not the same; nothing was changed');
  return password;
}

/** The first line. */
async function passwordFromStdin(shell: Shell): Promise<string> {
  const bytes = await readAll(stdinOf(shell), BYTES_MAX + 2);
  if (bytes === undefined) throw new UsageError(`the password is longer than ${BYTES_MAX} bytes`);
  const [line = '', ...rest] = bytes.toString('utf8').split(/\r?\n/);
  if (rest.some((other) => other !== '')) {
    throw new UsageError('standard input holds more than one line');
  }
  return line;
}
