/** persist: let a key expire no more. */

import { formatBytes, parseEscapes } from '../escapes.ts';
import { EXIT_NOT_FOUND, EXIT_OK } from '../exit-codes.ts';
import { complain } from '../failure.ts';
import { printResult } from '../print-result.ts';
import type { CommandSpec } from './command.ts';

export const persist: CommandSpec = {
  name: 'persist',
  summary: 'remove the expiry of a key',
  args: [{ name: '<key>', kind: 'key', summary: 'the key' }],
  flags: [],
  notes: 'Exit code 5: there is no such key, or it does not expire.',

  async run(invocation) {
    const { shell, args } = invocation;
    const key = parseEscapes(args[0] ?? '');
    if (!(await (await shell.client()).persist(key))) {
      complain(shell.io, 'NOT_FOUND', `there is no key ${formatBytes(key)} that expires`);
      return EXIT_NOT_FOUND;
    }
    await printResult(invocation, { persisted: true }, 'ok, it never expires');
    return EXIT_OK;
  },
};
