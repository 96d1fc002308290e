/** What a part measured: plain data that goes to the file of results and from there to the page. */

import type { Chart } from '../charts/chart.ts';
import type { Bound } from './bound.ts';
import { GOALS, type GoalId } from './goals.ts';

export interface Metric {
  readonly name: string;
  readonly unit: string;
  /** One of each round. */
  readonly samples: number[];
}

export interface Row {
  /** Rows of a table stand together and share their columns. */
  readonly table: string;
  readonly case: string;
  /** Who was measured: caskd, redis everysec, etcd, lmdb. */
  readonly subject: string;
  readonly metrics: Metric[];
}

/** A ratio, or a figure of which something is asked. */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly bound: Bound;
  /** Where it is one of the bar. */
  readonly goal?: GoalId;
  readonly samples: number[];
}

export interface Results {
  readonly rows: Row[];
  readonly figures: Figure[];
  readonly charts: Chart[];
  /** What was skipped and why, and what to know of the numbers. */
  readonly notes: string[];
}

/** Gathers them; rows and columns appear in the order of their first sample. */
export class ResultsRecorder {
  readonly results: Results = { rows: [], figures: [], charts: [], notes: [] };

  /** Adds the sample of one round. */
  sample(
    { table, case: name, subject }: Pick<Row, 'table' | 'case' | 'subject'>,
    metric: string,
    unit: string,
    value: number,
  ): void {
    const { rows } = this.results;
    const isIt = (row: Row) => row.table === table && row.case === name && row.subject === subject;
    let row = rows.find(isIt);
    if (row === undefined) {
      row = { table, case: name, subject, metrics: [] };
      rows.push(row);
    }
    const found = row.metrics.find((one) => one.name === metric);
    if (found === undefined) row.metrics.push({ name: metric, unit, samples: [value] });
    else found.samples.push(value);
  }

  /** Adds a round's value of something that is asked of the system. */
  figure(name: string, unit: string, value: number, bound: Bound = {}): void {
    this.#addFigure({ name, unit, bound, samples: [value] });
  }

  /** The same, of the bar. */
  judge(goal: GoalId, value: number): void {
    const { text, unit, bound } = GOALS[goal];
    this.#addFigure({ name: text, unit, bound, goal, samples: [value] });
  }

  chart(chart: Chart): void {
    this.results.charts.push(chart);
  }

  /** Once each. */
  note(text: string): void {
    if (!this.results.notes.includes(text)) this.results.notes.push(text);
  }

  #addFigure(figure: Figure): void {
    const { figures } = this.results;
    const found = figures.find(({ name, goal }) => name === figure.name && goal === figure.goal);
    if (found === undefined) figures.push(figure);
    else found.samples.push(...figure.samples);
  }
}
