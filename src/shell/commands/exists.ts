/** exists: is the key there. */

import { parseEscapes } from '../escapes.ts';
import { EXIT_NOT_FOUND, EXIT_OK } from '../exit-codes.ts';
import { printResult } from '../print-result.ts';
import type { CommandSpec } from './command.ts';

export const exists: CommandSpec = {
  name: 'exists',
  summary: 'say whether a key is there',
  args: [{ name: '<key>', kind: 'key', summary: 'the key' }],
  flags: [],
  notes: 'Prints true or false. Exit code 5: no such key.',

  async run(invocation) {
    const client = await invocation.shell.client();
    const found = await client.exists(parseEscapes(invocation.args[0] ?? ''));
    await printResult(invocation, { exists: found }, String(found));
    return found ? EXIT_OK : EXIT_NOT_FOUND;
  },
};
