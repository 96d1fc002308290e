/** completion: print the script that makes a shell complete caskctl's command line. */

import { COMPLETION_SHELLS } from '../completion/completion-shells.ts';
import { EXIT_OK, UsageError } from '../exit-codes.ts';
import { write } from '../shell-io.ts';
import type { CommandSpec } from './command.ts';

const NAMES = Object.keys(COMPLETION_SHELLS);

export const completion: CommandSpec = {
  name: 'completion',
  summary: 'print the completion script for a shell',
  args: [{ name: '<shell>', kind: 'value', summary: 'which shell', choices: NAMES }],
  flags: [],
  notes:
    'bash: source <(caskctl completion bash)\n' +
    'zsh:  source <(caskctl completion zsh), after compinit\n' +
    'fish: caskctl completion fish | source\n' +
    'Packages install these scripts where each shell finds them.',

  async run({ shell, args, outline }) {
    // inside a session the program has other flags than on the command line
    if (shell.stdinTaken) throw new UsageError('completion is for the command line');
    const [name = ''] = args;
    const generate = COMPLETION_SHELLS[name];
    if (generate === undefined) throw new UsageError(`allowed shells are ${NAMES.join(', ')}`);
    await write(shell.io.stdout, generate(outline()));
    return EXIT_OK;
  },
};
