/** restore: make a new store of a backup, as it was taken or at an earlier point. */

import type { RestoreSummary } from '../../storage/offline/index.ts';
import { EXIT_OK, UsageError } from '../exit-codes.ts';
import { FindingPrinter, withFileErrors } from '../offline-output.ts';
import { formatByteCount, formatCounted } from '../quantity.ts';
import type { CommandSpec, Flags } from './command.ts';

const EPOCH_MS = /^\d{1,16}$/;

export const restore: CommandSpec = {
  name: 'restore',
  summary: 'make a store of a backup, in a directory that is empty or not there yet',
  args: [
    { name: '<backup>', kind: 'file', summary: 'one, or the directory that has them' },
    { name: '<target>', kind: 'file', summary: 'of the new store' },
  ],
  flags: [
    { flags: '--to-revision <revision>', kind: 'revision', summary: 'the state at that revision' },
    {
      flags: '--to-time <time>',
      kind: 'text',
      summary: 'the state at that time: ISO 8601, or ms since 1970',
    },
  ],
  notes:
    'Offline: works on directories, and connects to nothing. Of a directory of backups, the newest\n' +
    'is taken, or the first that reaches the point asked for. Every file is compared with its\n' +
    'checksum and the new store verified; where anything is damaged nothing is restored. A point\n' +
    'within a batch is moved before it. The new store has an identity of its own, and its revisions\n' +
    'go on above those of its source.',

  async run(invocation) {
    const { shell, args, flags } = invocation;
    const [backup = '', target = ''] = args;
    const toRevision = flags.number('toRevision');
    const toTime = timeOf(flags);
    if (toRevision !== undefined && toTime !== undefined) {
      throw new UsageError('--to-revision and --to-time exclude each other');
    }
    const { restoreStore } = await import('../../storage/offline/index.ts');
    const printer = new FindingPrinter(invocation);
    const { report, onProgress } = printer;
    const { signal } = shell;
    const summary = await withFileErrors(() =>
      restoreStore({ backup, target, toRevision, toTime, report, onProgress, signal }),
    ).finally(() => printer.clear());
    await printer.summary('restore', summary, sentenceOf(summary, target, toRevision));
    return EXIT_OK;
  },
};

function timeOf(flags: Flags): number | undefined {
  const given = flags.text('toTime');
  if (given === undefined) return undefined;
  const time = EPOCH_MS.test(given) ? Number(given) : Date.parse(given);
  if (Number.isSafeInteger(time) && time >= 0) return time;
  throw new UsageError(
    `--to-time is ${given}: give it as 2026-11-21T15:27:00Z or in ms since 1970`,
  );
}

function sentenceOf(summary: RestoreSummary, target: string, asked: number | undefined): string {
  const { backup, revision, cutsBatch, nextRevision, segments, records, bytes } = summary;
  const moved = cutsBatch ? ` (${asked} lies within a batch, which is left out)` : '';
  const figures = `${formatCounted(segments, 'segment')}, ${formatCounted(records, 'record')}`;
  const size = `${figures}, ${formatByteCount(bytes)}`;
  const goesOn = `new revisions begin at ${nextRevision}`;
  return `restored ${backup} to ${target}: revision ${revision}${moved}, ${size}; ${goesOn}`;
}
