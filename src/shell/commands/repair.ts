/** repair: make a damaged store whole with what can be read, in place or as a copy. */

import type { CopySummary, RepairSummary, VerifySummary } from '../../storage/offline/index.ts';
import { confirm, requireTerminal } from '../confirm.ts';
import { EXIT_OK, EXIT_SERVER_ERROR } from '../exit-codes.ts';
import { FindingPrinter, withFileErrors } from '../offline-output.ts';
import { formatByteCount, formatCounted } from '../quantity.ts';
import type { CommandSpec, Invocation } from './command.ts';
import { sentenceOf as verdictOf } from './verify.ts';

export const repair: CommandSpec = {
  name: 'repair',
  summary: 'keep what can be read of a damaged store that no daemon has open',
  args: [{ name: '<directory>', kind: 'file', summary: 'of the store' }],
  flags: [
    { flags: '--to <directory>', kind: 'text', summary: 'write a new store there instead' },
    { flags: '--yes', kind: 'switch', summary: 'do not ask before changing the store' },
  ],
  notes:
    'Offline: works on the directory itself, and connects to nothing. Damaged files are moved to\n' +
    'quarantine/ within it, never deleted. With --to the store is only read. What is lost is\n' +
    'said. Exit code 0: the store is whole now, 1: it is not, since you said no.',

  async run(invocation) {
    const { shell, flags } = invocation;
    const target = flags.text('to');
    if (target !== undefined) return copy(invocation, target);
    const isSure = flags.has('yes');
    if (!isSure) requireTerminal(shell, '--yes');
    return inPlace(invocation, isSure);
  },
};

async function inPlace(invocation: Invocation, isSure: boolean): Promise<number> {
  const { shell, args } = invocation;
  const [directory = ''] = args;
  const { repairInPlace } = await import('../../storage/offline/index.ts');
  const printer = new FindingPrinter(invocation);
  const { report, onProgress } = printer;
  const { signal } = shell;
  let isRefused = false;
  const ask = async (found: VerifySummary): Promise<boolean> => {
    printer.clear();
    if (isSure) return true;
    shell.io.stderr.write(`${verdictOf(found, directory)}\n`);
    const isAgreed = await confirm(shell, `Repair ${directory} in place?`);
    isRefused = !isAgreed;
    return isAgreed;
  };
  const summary = await withFileErrors(() =>
    repairInPlace({ directory, report, onProgress, signal, confirm: ask }),
  ).finally(() => printer.clear());
  const sentence = isRefused ? 'nothing was changed' : sentenceOf(summary);
  await printer.summary('repair', summary, sentence);
  return isRefused ? EXIT_SERVER_ERROR : EXIT_OK;
}

async function copy(invocation: Invocation, target: string): Promise<number> {
  const { shell, args } = invocation;
  const [directory = ''] = args;
  const { copyStore } = await import('../../storage/offline/index.ts');
  const printer = new FindingPrinter(invocation);
  const { report, onProgress } = printer;
  const { signal } = shell;
  const summary = await withFileErrors(() =>
    copyStore({ directory, target, report, onProgress, signal }),
  ).finally(() => printer.clear());
  await printer.summary('copy', summary, copySentence(summary, target));
  return EXIT_OK;
}

function sentenceOf(summary: RepairSummary): string {
  const { repaired, segmentsReplaced, hintsRemoved, manifestRebuilt } = summary;
  if (!repaired) return 'there is nothing to repair';
  const parts = [
    ...(manifestRebuilt ? ['manifest rebuilt'] : []),
    ...(segmentsReplaced > 0 ? [`${formatCounted(segmentsReplaced, 'segment')} replaced`] : []),
    ...(hintsRemoved > 0 ? [`${formatCounted(hintsRemoved, 'hint')} removed`] : []),
  ];
  return `repaired: ${[...parts, lossOf(summary)].join(', ')}`;
}

function copySentence(summary: CopySummary, target: string): string {
  const { segments, recordsKept, bytes } = summary;
  const copied = `${formatCounted(recordsKept, 'record')} in ${formatCounted(segments, 'segment')}`;
  return `copied to ${target}: ${copied}, ${formatByteCount(bytes)}, ${lossOf(summary)}`;
}

function lossOf(summary: RepairSummary | CopySummary): string {
  const { valuesLost, lostRanges, tombstonesRestored } = summary;
  const parts = [
    ...(valuesLost > 0 ? [`${formatCounted(valuesLost, 'value')} of known keys lost`] : []),
    ...(lostRanges > 0
      ? [`${formatCounted(lostRanges, 'stretch', 'stretches')} without a record`]
      : []),
    ...(tombstonesRestored > 0
      ? [`${formatCounted(tombstonesRestored, 'delete')} restored from hints`]
      : []),
  ];
  return parts.length === 0 ? 'nothing lost' : parts.join(', ');
}
