/** ttl: how long a key has to live. */

import { formatBytes, parseEscapes } from '../escapes.ts';
import { EXIT_NOT_FOUND, EXIT_OK } from '../exit-codes.ts';
import { complain } from '../failure.ts';
import { printResult } from '../print-result.ts';
import type { CommandSpec } from './command.ts';

export const ttl: CommandSpec = {
  name: 'ttl',
  summary: 'print how many milliseconds a key has to live',
  args: [{ name: '<key>', kind: 'key', summary: 'the key' }],
  flags: [],
  notes: 'Prints "never" (null in JSON) for a key that does not expire. Exit code 5: no such key.',

  async run(invocation) {
    const { shell, args } = invocation;
    const key = parseEscapes(args[0] ?? '');
    const left = await (await shell.client()).ttl(key);
    if (left === undefined) {
      complain(shell.io, 'NOT_FOUND', `there is no key ${formatBytes(key)}`);
      return EXIT_NOT_FOUND;
    }
    const ttlMs = left === Number.POSITIVE_INFINITY ? null : left;
    await printResult(invocation, { ttlMs }, ttlMs === null ? 'never' : String(ttlMs));
    return EXIT_OK;
  },
};
