/** verify: read a whole store that no daemon has open, and say what is wrong with it. */

import type { VerifySummary } from '../../storage/offline/index.ts';
import { EXIT_OK, EXIT_SERVER_ERROR } from '../exit-codes.ts';
import { FindingPrinter, withFileErrors } from '../offline-output.ts';
import { formatByteCount, formatCounted } from '../quantity.ts';
import type { CommandSpec } from './command.ts';

export const verify: CommandSpec = {
  name: 'verify',
  summary: 'check the files of a store that no daemon has open',
  args: [{ name: '<directory>', kind: 'file', summary: 'of the store' }],
  flags: [],
  notes:
    'Offline: reads the directory itself, and connects to nothing. Checks the manifest, every\n' +
    'record and every hint, and changes nothing. Exit code 0: clean, 1: damage was found.',

  async run(invocation) {
    const { shell, args } = invocation;
    const [directory = ''] = args;
    // loaded when it is needed: other commands do without the engine's code
    const { verifyStore } = await import('../../storage/offline/index.ts');
    const printer = new FindingPrinter(invocation);
    const { report, onProgress } = printer;
    const { signal } = shell;
    const summary = await withFileErrors(() =>
      verifyStore({ directory, report, onProgress, signal }),
    ).finally(() => printer.clear());
    await printer.summary('verify', summary, sentenceOf(summary, directory));
    return summary.clean ? EXIT_OK : EXIT_SERVER_ERROR;
  },
};

export function sentenceOf(summary: VerifySummary, directory: string): string {
  const { clean, closed, segments, records, bytes } = summary;
  const figures = `${formatCounted(segments, 'segment')}, ${formatCounted(records, 'record')}`;
  const seen = `${figures}, ${formatByteCount(bytes)}`;
  const state = closed ? '' : '; the store was not closed, and the next start recovers it';
  if (clean) return `clean: ${seen}${state}`;
  return `damaged: ${damageOf(summary)} in ${seen}${state}; caskctl repair ${directory} keeps what can be read`;
}

/** `3 findings, 1 unreadable stretch, 2 keys known to be lost`. */
function damageOf({ damaged, lostRanges, lostKeys }: VerifySummary): string {
  const parts = [formatCounted(damaged, 'finding')];
  if (lostRanges > 0)
    parts.push(`${formatCounted(lostRanges, 'stretch', 'stretches')} without a record`);
  if (lostKeys > 0) parts.push(`${formatCounted(lostKeys, 'record')} of known keys lost`);
  return parts.join(', ');
}
