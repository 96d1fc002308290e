/** Figures of several rounds: their medians, beside what was expected, as a table. */

import Table from 'cli-table3';

export interface Expectation {
  readonly atLeast?: number;
  readonly atMost?: number;
}

interface Row {
  readonly name: string;
  readonly unit: string;
  readonly expectation: Expectation;
  readonly values: number[];
}

/** The middle one; of an even number, the mean of the two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  if (sorted.length % 2 === 1) return upper;
  return ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export class Figures {
  readonly #rows = new Map<string, Row>();

  /** Adds the value of one round; rows appear in the order of their first value. */
  add(name: string, unit: string, value: number, expectation: Expectation = {}): void {
    const row = this.#rows.get(name) ?? { name, unit, expectation, values: [] };
    row.values.push(value);
    this.#rows.set(name, row);
  }

  toString(): string {
    const table = new Table({
      head: ['figure', 'median', 'unit', 'expected', '', 'rounds'],
      colAligns: ['left', 'right', 'left', 'right', 'left', 'left'],
      style: { head: [], border: [] },
    });
    for (const { name, unit, expectation, values } of this.#rows.values()) {
      const middle = median(values);
      const rounds = values.map(format).join('  ');
      table.push([
        name,
        format(middle),
        unit,
        wanted(expectation),
        met(middle, expectation),
        rounds,
      ]);
    }
    return table.toString();
  }
}

function format(value: number): string {
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return value.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

function wanted({ atLeast, atMost }: Expectation): string {
  if (atLeast !== undefined) return `>= ${atLeast.toLocaleString('en')}`;
  return atMost === undefined ? '' : `<= ${atMost.toLocaleString('en')}`;
}

function met(value: number, { atLeast, atMost }: Expectation): string {
  if (atLeast === undefined && atMost === undefined) return '';
  return value >= (atLeast ?? 0) && value <= (atMost ?? Number.POSITIVE_INFINITY)
    ? 'met'
    : 'missed';
}
