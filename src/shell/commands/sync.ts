/** sync: wait until all that was written is on disk. */

import { EXIT_OK } from '../exit-codes.ts';
import { printResult } from '../print-result.ts';
import type { CommandSpec } from './command.ts';

export const sync: CommandSpec = {
  name: 'sync',
  summary: 'wait until everything written is on disk',
  args: [],
  flags: [],

  async run(invocation) {
    const revision = await (await invocation.shell.client()).sync({ timeoutMs: 0 });
    await printResult(invocation, { revision }, `ok, durable up to revision ${revision}`);
    return EXIT_OK;
  },
};
