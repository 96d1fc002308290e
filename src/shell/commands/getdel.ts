/** getdel: print a value and delete its key, as one. */

import { formatBytes, parseEscapes } from '../escapes.ts';
import { EXIT_NOT_FOUND, EXIT_OK } from '../exit-codes.ts';
import { complain } from '../failure.ts';
import type { CommandSpec } from './command.ts';
import { printValue } from './get.ts';

export const getDel: CommandSpec = {
  name: 'getdel',
  summary: 'print the value of a key, and delete it',
  args: [{ name: '<key>', kind: 'key', summary: 'the key' }],
  flags: [],
  notes: 'Prints as get does. Of several who ask at once, one gets it. Exit code 5: no such key.',

  async run(invocation) {
    const { shell, args } = invocation;
    const key = parseEscapes(args[0] ?? '');
    const value = await (await shell.client()).getAndDelete(key);
    if (value === undefined) {
      complain(shell.io, 'NOT_FOUND', `there is no key ${formatBytes(key)}`);
      return EXIT_NOT_FOUND;
    }
    await printValue(invocation, key, value);
    return EXIT_OK;
  },
};
