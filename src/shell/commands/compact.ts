/** compact: merge all of a store that no daemon has open. */

import type { CompactSummary } from '../../storage/offline/index.ts';
import { EXIT_OK } from '../exit-codes.ts';
import { FindingPrinter, withFileErrors } from '../offline-output.ts';
import { formatByteCount, formatCounted, formatDuration } from '../quantity.ts';
import type { CommandSpec } from './command.ts';

export const compact: CommandSpec = {
  name: 'compact',
  summary: 'reclaim all dead space of a store that no daemon has open',
  args: [{ name: '<directory>', kind: 'file', summary: 'of the store' }],
  flags: [
    {
      flags: '--retain-history-ms <ms>',
      kind: 'revision',
      summary: "as the daemon's retainHistoryMs; without it, only what is current stays",
    },
    {
      flags: '--segment-bytes <bytes>',
      kind: 'count',
      summary: 'the size of the segments written; without it, what a daemon has by default',
    },
  ],
  notes:
    'Offline: opens the directory itself, as a start would, and connects to nothing. A daemon does\n' +
    'the same with merge while it serves. Needs free space for what is kept; with less it goes in\n' +
    'rounds. May be interrupted: what is done is done. Damaged segments stay as they are: repair\n' +
    'comes first.',

  async run(invocation) {
    const { shell, args, flags } = invocation;
    const [directory = ''] = args;
    const { compactStore } = await import('../../storage/offline/index.ts');
    const printer = new FindingPrinter(invocation);
    const { onProgress } = printer;
    const summary = await withFileErrors(() =>
      compactStore({
        directory,
        retainHistoryMs: flags.number('retainHistoryMs'),
        segmentBytes: flags.number('segmentBytes'),
        onProgress,
        signal: shell.signal,
      }),
    ).finally(() => printer.clear());
    await printer.summary('compact', summary, sentenceOf(summary));
    return EXIT_OK;
  },
};

function sentenceOf(summary: CompactSummary): string {
  const { keys, segmentsBefore, segmentsAfter, bytesBefore, bytesAfter, ms } = summary;
  const segments = `${formatCounted(segmentsBefore, 'segment')} -> ${segmentsAfter}`;
  const bytes = `${formatByteCount(bytesBefore)} -> ${formatByteCount(bytesAfter)}`;
  return `compacted: ${segments}, ${bytes}, ${formatCounted(keys, 'key')}, ${formatDuration(ms)}`;
}
