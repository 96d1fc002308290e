/** watch: run another command again and again. */

import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT_OK, UsageError } from '../exit-codes.ts';
import { isTerminal, paint, type ShellIo, write } from '../shell-io.ts';
import type { CommandSpec } from './command.ts';

const SECONDS_DEFAULT = 2;
const HOME_AND_CLEAR = '\x1b[H\x1b[J';

export const watch: CommandSpec = {
  name: 'watch',
  summary: 'run a command again and again',
  args: [{ name: '<command...>', kind: 'words', summary: 'the command, behind --' }],
  flags: [
    { flags: '-i, --interval <seconds>', kind: 'seconds', summary: 'pause between two runs' },
    { flags: '-r, --repeat <times>', kind: 'count', summary: 'how often; else until Ctrl-C' },
  ],
  notes: `Example: watch -i 1 -- stats. The default interval is ${SECONDS_DEFAULT} s.`,

  async run({ shell, args, flags }) {
    if (args[0] === 'watch') throw new UsageError('watch cannot watch itself');
    const seconds = flags.number('interval') ?? SECONDS_DEFAULT;
    const repeat = flags.number('repeat') ?? Infinity;
    let exitCode = EXIT_OK;
    for (let run = 1; run <= repeat && !shell.signal?.aborted; run += 1) {
      if (run > 1 && !(await pause(seconds, shell.signal))) break;
      await head(shell.io, args);
      exitCode = await shell.run(args);
    }
    return exitCode;
  },
};

/** False: cancelled meanwhile. */
async function pause(seconds: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await sleep(seconds * 1000, undefined, signal === undefined ? {} : { signal });
    return true;
  } catch {
    return false;
  }
}

async function head(io: ShellIo, words: readonly string[]): Promise<void> {
  if (!isTerminal(io.stdout)) return;
  const title = `${words.join(' ')}   ${new Date().toISOString()}`;
  await write(io.stdout, `${HOME_AND_CLEAR}${paint(io.stdout, 'dim', title)}\n`);
}
