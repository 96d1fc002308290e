/** Flags that every command takes: the form of the output, and how often it is run. */

import type { FlagSpec } from './commands/command.ts';
import { FORMAT_FLAGS, type FormatFlag } from './output-format.ts';

const FORMAT_SUMMARIES: Readonly<Record<FormatFlag, string>> = {
  json: 'print JSON, one object per line',
  csv: 'print CSV with a header',
  raw: 'print bytes as they are',
  hex: 'print bytes as hexadecimal digits',
};

export const COMMON_FLAGS: readonly FlagSpec[] = [
  ...FORMAT_FLAGS.map(
    (name): FlagSpec => ({
      flags: `--${name}`,
      kind: 'switch',
      summary: FORMAT_SUMMARIES[name],
    }),
  ),
  { flags: '-r, --repeat <times>', kind: 'count', summary: 'run the command so often' },
  {
    flags: '-i, --interval <seconds>',
    kind: 'seconds',
    summary: 'pause between two runs; without -r it goes on until Ctrl-C',
  },
];
