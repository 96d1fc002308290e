/**
 * A metric as it is written down: name, type, meaning, and where its figures come from. It holds
 * no state: each scrape gathers the facts once and asks every metric for its samples.
 */

import type { ScrapeFacts } from './scrape-facts.ts';

export type MetricType = 'gauge' | 'counter' | 'histogram';
export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly value: number;
  readonly labels?: Labels;
  /** Of a histogram: which of its series. */
  readonly suffix?: '_bucket' | '_sum' | '_count';
}

export interface MetricDefinition {
  /** By Prometheus' conventions: `caskd_`, base units, `_total` for counters. */
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** Names of its labels, without a histogram's `le`. */
  readonly labels: readonly string[];
  /** Nothing where the figure is not known, e.g. of the store while it loads. */
  samples(facts: ScrapeFacts): readonly Sample[];
}

/** A figure of the facts; undefined and null: not known. */
export type Pick = (facts: ScrapeFacts) => number | boolean | null | undefined;
/** Figures by the value of a label. */
export type PickEach = (facts: ScrapeFacts) => Readonly<Record<string, number | null>> | undefined;

export function gauge(name: string, help: string, pick: Pick): MetricDefinition {
  return { name, type: 'gauge', help, labels: [], samples: (facts) => sampleOf(pick(facts)) };
}

/** @param name ends in `_total` */
export function counter(name: string, help: string, pick: Pick): MetricDefinition {
  return { name, type: 'counter', help, labels: [], samples: (facts) => sampleOf(pick(facts)) };
}

function sampleOf(value: ReturnType<Pick>): Sample[] {
  return value === undefined || value === null ? [] : [{ value: Number(value) }];
}

export function gaugeBy(
  label: string,
  name: string,
  help: string,
  pick: PickEach,
): MetricDefinition {
  const samples = (facts: ScrapeFacts): Sample[] => samplesBy(label, pick(facts));
  return { name, type: 'gauge', help, labels: [label], samples };
}

export function counterBy(
  label: string,
  name: string,
  help: string,
  pick: PickEach,
): MetricDefinition {
  const samples = (facts: ScrapeFacts): Sample[] => samplesBy(label, pick(facts));
  return { name, type: 'counter', help, labels: [label], samples };
}

function samplesBy(label: string, values: ReturnType<PickEach>): Sample[] {
  return Object.entries(values ?? {}).flatMap(([name, value]) =>
    value === null ? [] : [{ value, labels: { [label]: name } }],
  );
}
