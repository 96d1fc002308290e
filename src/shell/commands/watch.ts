/** watch: run another command again and again. */

import { UsageError } from '../exit-codes.ts';
import { reportFailure } from '../failure.ts';
import { repeat } from '../repetition.ts';
import { isTerminal, paint, type ShellIo, write } from '../shell-io.ts';
import type { CommandSpec } from './command.ts';

const SECONDS_DEFAULT = 2;
const HOME_AND_CLEAR = '\x1b[H\x1b[J';

export const watch: CommandSpec = {
  name: 'watch',
  summary: 'run a command again and again',
  args: [{ name: '<command...>', kind: 'words', summary: 'the command, behind --' }],
  flags: [],
  notes:
    'On a terminal the screen is cleared before each run. It goes on until Ctrl-C, or as often as\n' +
    `-r says. The default of -i is ${SECONDS_DEFAULT}. Example: watch -i 1 -- stats`,
  heedsInterrupt: () => true,
  repeatsItself: () => true,

  async run({ shell, args, flags }) {
    if (args[0] === 'watch') throw new UsageError('watch cannot watch itself');
    const seconds = flags.number('interval') ?? SECONDS_DEFAULT;
    const times = flags.number('repeat') ?? Number.POSITIVE_INFINITY;
    const run = async (): Promise<number> => {
      await head(shell.io, args);
      return shell.run(args);
    };
    const failed = (thrown: unknown): number => reportFailure(shell.io, thrown);
    return repeat({ times, seconds }, shell.signal, run, failed);
  },
};

async function head(io: ShellIo, words: readonly string[]): Promise<void> {
  if (!isTerminal(io.stdout)) return;
  const title = `${words.join(' ')}   ${new Date().toISOString()}`;
  await write(io.stdout, `${HOME_AND_CLEAR}${paint(io.stdout, 'dim', title)}\n`);
}
