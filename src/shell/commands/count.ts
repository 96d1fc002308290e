/** count: how many keys there are. */

import { EXIT_OK } from '../exit-codes.ts';
import { printResult } from '../print-result.ts';
import type { CommandSpec } from './command.ts';
import { BOUND_FLAGS, rangeRequest } from './range.ts';

export const count: CommandSpec = {
  name: 'count',
  summary: 'print the number of keys, of all or within bounds',
  args: [],
  flags: BOUND_FLAGS,

  async run(invocation) {
    const keys = await (await invocation.shell.client()).count(rangeRequest(invocation.flags));
    await printResult(invocation, { count: keys }, String(keys));
    return EXIT_OK;
  },
};
