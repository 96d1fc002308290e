/** Lists of facts, each a line: a table for people, or data. */

import type { Invocation } from './commands/command.ts';
import { csvField } from './entry-printer.ts';
import { paint, write } from './shell-io.ts';
import { renderTable } from './table.ts';

export interface Column<T> {
  /** In JSON and CSV. */
  readonly name: string;
  /** Over the column of the table. */
  readonly title: string;
  /** As data. */
  readonly value: (row: T) => string | number | undefined;
  /** For people; the value as it is where there is none. */
  readonly show?: (row: T) => string;
}

/** Prints rows by the format: JSON lines, CSV, or a table with a head. */
export async function printRows<T>(
  { shell, format }: Pick<Invocation, 'shell' | 'format'>,
  rows: readonly T[],
  columns: readonly Column<T>[],
): Promise<void> {
  const { stdout } = shell.io;
  if (format === 'json') {
    const objects = rows.map((row) =>
      Object.fromEntries(columns.map(({ name, value }) => [name, value(row)])),
    );
    await write(stdout, objects.map((object) => `${JSON.stringify(object)}\n`).join(''));
    return;
  }
  if (format === 'csv') {
    const lines = [
      columns.map(({ name }) => name),
      ...rows.map((row) => columns.map(({ value }) => csvField(String(value(row) ?? '')))),
    ];
    await write(stdout, lines.map((fields) => `${fields.join(',')}\n`).join(''));
    return;
  }
  const head = columns.map(({ title }) => paint(stdout, 'bold', title));
  const body = rows.map((row) =>
    columns.map(({ value, show }) => show?.(row) ?? String(value(row) ?? '-')),
  );
  const [first] = rows;
  const alignments = columns.map(({ value }) =>
    first !== undefined && typeof value(first) === 'number' ? 'right' : 'left',
  );
  await write(stdout, renderTable([head, ...body], alignments));
}
