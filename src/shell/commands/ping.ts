/** ping: does a caskd answer there; a health check. */

import { toCaskError } from '../../errors/cask-error.ts';
import { EXIT_CONNECTION, EXIT_OK } from '../exit-codes.ts';
import { complain } from '../failure.ts';
import { printResult } from '../print-result.ts';
import type { CommandSpec } from './command.ts';

export const ping: CommandSpec = {
  name: 'ping',
  summary: 'ask the server for an answer; exit code 0 or 3',
  args: [],
  flags: [],

  async run(invocation) {
    const { shell } = invocation;
    try {
      const ms = await (await shell.client()).ping();
      await printResult(invocation, { ms }, `pong in ${Number(ms.toFixed(3))} ms`);
      return EXIT_OK;
    } catch (thrown) {
      const error = toCaskError(thrown);
      complain(shell.io, error.code, error.message);
      return EXIT_CONNECTION;
    }
  },
};
