/** delete-range: delete all keys between two. */

import { formatBytes, parseEscapes } from '../escapes.ts';
import { UsageError } from '../exit-codes.ts';
import { DELETION_FLAGS, DELETION_NOTES, deleteKeys } from '../range-deletion.ts';
import type { CommandSpec } from './command.ts';

export const deleteRange: CommandSpec = {
  name: 'delete-range',
  summary: 'delete all keys from one up to another',
  args: [
    { name: '[start]', kind: 'key', summary: 'the first key; "" for no bound' },
    { name: '[end]', kind: 'key', summary: 'the first key that is spared; "" for no bound' },
  ],
  flags: [
    { flags: '--all', kind: 'switch', summary: 'every key there is; without start and end' },
    ...DELETION_FLAGS,
  ],
  notes: DELETION_NOTES,
  heedsInterrupt: () => true,

  run(invocation) {
    const { args, flags } = invocation;
    const [start, end] = args.map(parseEscapes).map((key) => (key.length > 0 ? key : undefined));
    const all = flags.has('all');
    const isBounded = start !== undefined || end !== undefined;
    if (all && args.length > 0) throw new UsageError('--all takes neither start nor end');
    if (!all && !isBounded) {
      throw new UsageError('give a start, an end, or both; --all deletes every key there is');
    }
    if (!all && args.length < 2) throw new UsageError('give an end; "" deletes up to the last key');
    const from = start === undefined ? '' : ` from ${formatBytes(start)} on`;
    const to = end === undefined ? '' : ` before ${formatBytes(end)}`;
    return deleteKeys(invocation, { start, end, all }, all ? 'in all' : `${from}${to}`.trim());
  },
};
