/** touch: give a key another expiry. */

import { formatBytes, parseEscapes } from '../escapes.ts';
import { EXIT_NOT_FOUND, EXIT_OK, UsageError } from '../exit-codes.ts';
import { complain } from '../failure.ts';
import { printResult } from '../print-result.ts';
import type { CommandSpec } from './command.ts';

export const touch: CommandSpec = {
  name: 'touch',
  summary: 'let a key expire after so many milliseconds from now',
  args: [
    { name: '<key>', kind: 'key', summary: 'the key' },
    { name: '<ttl-ms>', kind: 'value', summary: 'milliseconds, 1 at least' },
  ],
  flags: [],
  notes: 'The value stays as it is, and is not written again. Exit code 5: no such key.',

  async run(invocation) {
    const { shell, args } = invocation;
    const [keyText = '', ttlText = ''] = args;
    const ttlMs = Number(ttlText);
    if (!/^\d{1,15}$/.test(ttlText) || ttlMs === 0) {
      throw new UsageError('the time to live is a number of milliseconds, 1 at least');
    }
    const key = parseEscapes(keyText);
    if (!(await (await shell.client()).touch(key, { ttlMs }))) {
      complain(shell.io, 'NOT_FOUND', `there is no key ${formatBytes(key)}`);
      return EXIT_NOT_FOUND;
    }
    await printResult(invocation, { touched: true }, `ok, it expires in ${ttlMs} ms`);
    return EXIT_OK;
  },
};
