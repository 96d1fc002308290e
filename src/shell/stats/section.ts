/** A part of the page that `stats` prints: a title, and rows under it. */

import { paint, type ShellOutput } from '../shell-io.ts';
import { renderTable } from '../table.ts';

export interface Section {
  readonly title: string;
  /** Over the columns; without it the first column names what the second says. */
  readonly head?: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function renderSections(sections: readonly Section[], stream: ShellOutput): string {
  return sections
    .filter(({ rows }) => rows.length > 0)
    .map((section) => paint(stream, 'bold', section.title) + renderSection(section, stream))
    .join('\n');
}

function renderSection({ head, rows }: Section, stream: ShellOutput): string {
  const body = rows.map(([first = '', ...others]) => [`  ${first}`, ...others]);
  if (head === undefined) return `\n${renderTable(body)}`;
  const [first = '', ...others] = head;
  const titles = [`  ${first}`, ...others].map((title) => paint(stream, 'dim', title));
  const alignments = head.map((_, column) => (column === 0 ? 'left' : 'right'));
  return `\n${renderTable([titles, ...body], alignments)}`;
}

/** A row whose value is known; none otherwise. */
export function row(name: string, value: string | undefined): readonly (readonly string[])[] {
  return value === undefined ? [] : [[name, value]];
}
