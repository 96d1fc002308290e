/** The tables of a part's results, as rows of text: for the page and for the terminal alike. */

import { boundText, judgementOf } from './bound.ts';
import { numberText, samplesText } from './format.ts';
import type { Figure, Results, Row } from './results.ts';
import { median } from './statistics.ts';

export interface TextTable {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** So many columns on the left are words; the others are numbers. */
  readonly words: number;
}

export function tablesOf({ rows, figures }: Results): TextTable[] {
  const titles = [...new Set(rows.map(({ table }) => table))];
  const tables = titles.map((title) =>
    measuredTable(
      title,
      rows.filter(({ table }) => table === title),
    ),
  );
  return figures.length === 0 ? tables : [...tables, figuresTable('Judged', figures)];
}

/** Medians; `±` is half of the way between the least and the greatest round. */
function measuredTable(title: string, rows: readonly Row[]): TextTable {
  const columns = new Map<string, string>();
  for (const { metrics } of rows) {
    for (const { name, unit } of metrics) columns.set(name, unit);
  }
  const names = [...columns].map(([name, unit]) => (unit === '' ? name : `${name}, ${unit}`));
  return {
    title,
    head: ['case', 'of', ...names],
    rows: rows.map(({ case: name, subject, metrics }) => {
      const cells = [...columns.keys()].map((column) => {
        return samplesText(metrics.find((metric) => metric.name === column)?.samples ?? []);
      });
      return [name, subject, ...cells];
    }),
    words: 2,
  };
}

export function figuresTable(title: string, figures: readonly Figure[]): TextTable {
  return {
    title,
    head: ['figure', 'asked', 'measured', 'rounds', 'judgement'],
    rows: figures.map(({ name, unit, bound, samples }) => [
      unit === '' || unit === 'x' ? name : `${name}, ${unit}`,
      boundText(bound),
      numberText(median(samples)),
      samples.map(numberText).join(' '),
      samples.length === 0 ? 'not measured' : judgementOf(median(samples), bound),
    ]),
    words: 1,
  };
}

export function markdownOf({ head, rows, words }: TextTable): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, index) => (index < words ? '---' : '--:'));
  return [line(head), line(rule), ...rows.map(line)].join('\n');
}
