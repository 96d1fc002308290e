/** Charts of what rows have already. */

import type { BarChart, LineChart } from '../charts/chart.ts';
import type { Results, Row } from './results.ts';
import { median } from './statistics.ts';

/** The median of a metric; NaN where it was not measured. */
export function medianOf(
  { rows }: Results,
  wanted: Pick<Row, 'table' | 'case' | 'subject'>,
  metric: string,
): number {
  const row = rows.find(
    ({ table, case: name, subject }) =>
      table === wanted.table && name === wanted.case && subject === wanted.subject,
  );
  return median(row?.metrics.find(({ name }) => name === metric)?.samples ?? []);
}

/** A metric of every case of a table: a group of bars each, a bar for each subject. */
export function barsOfTable(
  results: Results,
  table: string,
  metric: string,
  { name, title }: Pick<BarChart, 'name' | 'title'>,
): BarChart {
  const rows = results.rows.filter((row) => row.table === table);
  const series = [...new Set(rows.map(({ subject }) => subject))];
  const cases = [...new Set(rows.map((row) => row.case))];
  return {
    ...{ kind: 'bars', name, title, unit: unitOf(rows, metric), series },
    groups: cases.map((group) => ({
      name: group,
      values: series.map((subject) => {
        const value = medianOf(results, { table, case: group, subject }, metric);
        return Number.isNaN(value) ? null : value;
      }),
    })),
  };
}

/** A metric of a table whose cases are numbers: a line for each subject. */
export function linesOfTable(
  results: Results,
  table: string,
  metric: string,
  { name, title, across }: Pick<LineChart, 'name' | 'title' | 'across'>,
): LineChart {
  const rows = results.rows.filter((row) => row.table === table);
  const subjects = [...new Set(rows.map(({ subject }) => subject))];
  return {
    ...{ kind: 'lines', name, title, across, unit: unitOf(rows, metric), isLogarithmic: false },
    series: subjects.map((subject) => ({
      name: subject,
      points: rows
        .filter((row) => row.subject === subject)
        .map((row) => [Number(row.case), medianOf(results, row, metric)] as const),
    })),
  };
}

function unitOf(rows: readonly Row[], metric: string): string {
  const [unit] = rows.flatMap(({ metrics }) => metrics.find((one) => one.name === metric) ?? []);
  return unit?.unit ?? '';
}
