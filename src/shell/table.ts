/** Tables for people, without lines: they can be copied from the screen. */

import Table from 'cli-table3';

const NO_LINES = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
} as const;

export type Alignment = 'left' | 'right';

/**
 * Rows aligned in columns, one line each, without trailing blanks; '' when there are none.
 * @param alignments of the columns; left where there is none
 */
export function renderTable(
  rows: readonly (readonly string[])[],
  alignments: readonly Alignment[] = [],
): string {
  if (rows.length === 0) return '';
  const table = new Table({
    chars: NO_LINES,
    colAligns: [...alignments],
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
  });
  for (const row of rows) table.push([...row]);
  const lines = table.toString().split('\n');
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

/** At most `width` characters, the last an ellipsis when something was cut. */
export function clip(text: string, width: number): string {
  if (text.length <= width) return text;
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, width - 1).join('')}…`;
}
