/** count: how many keys there are. */

import { EXIT_OK } from '../exit-codes.ts';
import { printResult } from '../print-result.ts';
import type { CommandSpec } from './command.ts';

export const count: CommandSpec = {
  name: 'count',
  summary: 'print the number of keys',
  args: [],
  flags: [],

  async run(invocation) {
    const keys = await (await invocation.shell.client()).count();
    await printResult(invocation, { count: keys }, String(keys));
    return EXIT_OK;
  },
};
