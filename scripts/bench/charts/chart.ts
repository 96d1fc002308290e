/** What a chart shows, apart from how it is drawn: part of the results, so that a page can be made anew. */

export interface BarChart {
  readonly kind: 'bars';
  /** Of its file. */
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  /** Side by side in each group, in this order. */
  readonly series: readonly string[];
  readonly groups: readonly {
    readonly name: string;
    /** One of each series; null: not measured. */
    readonly values: readonly (number | null)[];
  }[];
}

export interface LineChart {
  readonly kind: 'lines';
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly across: { readonly title: string; readonly isLogarithmic: boolean };
  readonly isLogarithmic: boolean;
  readonly series: readonly {
    readonly name: string;
    readonly points: readonly (readonly [number, number])[];
  }[];
}

export type Chart = BarChart | LineChart;
