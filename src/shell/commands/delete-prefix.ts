/** delete-prefix: delete all keys that begin with the same bytes. */

import { formatBytes, parseEscapes } from '../escapes.ts';
import { UsageError } from '../exit-codes.ts';
import { DELETION_FLAGS, DELETION_NOTES, deleteKeys } from '../range-deletion.ts';
import type { CommandSpec } from './command.ts';

export const deletePrefix: CommandSpec = {
  name: 'delete-prefix',
  summary: 'delete all keys that begin with a prefix',
  args: [{ name: '<prefix>', kind: 'key', summary: 'at least one byte' }],
  flags: DELETION_FLAGS,
  notes: DELETION_NOTES,
  heedsInterrupt: () => true,

  run(invocation) {
    const prefix = parseEscapes(invocation.args[0] ?? '');
    if (prefix.length === 0) {
      throw new UsageError('the prefix is empty; delete-range --all deletes every key there is');
    }
    return deleteKeys(invocation, { prefix }, `that begin with ${formatBytes(prefix)}`);
  },
};
