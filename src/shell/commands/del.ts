/** del: delete keys. */

import { parseEscapes } from '../escapes.ts';
import { EXIT_OK, UsageError } from '../exit-codes.ts';
import { printResult } from '../print-result.ts';
import type { CommandSpec } from './command.ts';
import { writeOptions } from './put.ts';

export const del: CommandSpec = {
  name: 'del',
  summary: 'delete keys',
  args: [{ name: '<keys...>', kind: 'key', summary: 'the keys' }],
  flags: [
    { flags: '--if-present', kind: 'switch', summary: 'an absent key is a conflict' },
    { flags: '--if-revision <n>', kind: 'revision', summary: 'only if its revision is n' },
  ],
  notes: 'Prints how many keys were deleted. A key that is absent already is no error.',

  async run(invocation) {
    const keys = invocation.args.map(parseEscapes);
    const options = writeOptions(invocation.flags);
    if (keys.length > 1 && options.ifRevision !== undefined) {
      throw new UsageError('--if-revision goes with one key; use batch for several');
    }
    const client = await invocation.shell.client();
    let deleted = 0;
    for (const key of keys) {
      if (await client.delete(key, options)) deleted += 1;
    }
    await printResult(invocation, { deleted }, String(deleted));
    return EXIT_OK;
  },
};
