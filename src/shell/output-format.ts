/** The forms in which results are printed: chosen by flag, or by what stdout is. */

import { UsageError } from './exit-codes.ts';
import { isTerminal, type ShellIo } from './shell-io.ts';

/**
 * - `table`: for people; the default on a terminal
 * - `text`: one line per entry, escaped, separated by tabs; the default elsewhere
 * - `json`: one JSON object per line
 * - `csv`: a header, then RFC 4180 lines, bytes escaped as in `text`
 * - `raw`: the bytes as they are
 * - `hex`: the bytes as hexadecimal digits
 */
export type OutputFormat = 'table' | 'text' | 'json' | 'csv' | 'raw' | 'hex';

/** The formats that a flag chooses. */
export const FORMAT_FLAGS = ['json', 'csv', 'raw', 'hex'] as const;
export type FormatFlag = (typeof FORMAT_FLAGS)[number];

/** The one format flag that was given. */
export function chosenFormat(given: (flag: FormatFlag) => boolean): FormatFlag | undefined {
  const chosen = FORMAT_FLAGS.filter(given);
  if (chosen.length > 1) {
    throw new UsageError(`--${chosen.join(' and --')} exclude each other`);
  }
  return chosen[0];
}

export function outputFormat(chosen: FormatFlag | undefined, io: ShellIo): OutputFormat {
  return chosen ?? (isTerminal(io.stdout) ? 'table' : 'text');
}
