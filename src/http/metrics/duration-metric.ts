/** Histograms of durations as Prometheus wants them: cumulative buckets, sum, count, in seconds. */

import type { DurationHistogram } from '../../vocabulary/duration-histogram.ts';
import type { Labels, MetricDefinition, Sample } from './metric-definition.ts';
import type { ScrapeFacts } from './scrape-facts.ts';

/** Powers of two, where the histogram is exact: 16 us to 16.8 s. */
const BOUNDS_US: readonly number[] = Array.from({ length: 21 }, (_, index) => 2 ** (index + 4));
const US_PER_SECOND = 1e6;
const MS_PER_SECOND = 1000;

export type PickDuration = (facts: ScrapeFacts) => DurationHistogram | undefined;
export type PickDurations = (
  facts: ScrapeFacts,
) => Readonly<Record<string, DurationHistogram>> | undefined;

export function duration(name: string, help: string, pick: PickDuration): MetricDefinition {
  const samples = (facts: ScrapeFacts): Sample[] => {
    const histogram = pick(facts);
    return histogram === undefined ? [] : durationSamples(histogram, {});
  };
  return { name, type: 'histogram', help, labels: [], samples };
}

export function durationBy(
  label: string,
  name: string,
  help: string,
  pick: PickDurations,
): MetricDefinition {
  const samples = (facts: ScrapeFacts): Sample[] =>
    Object.entries(pick(facts) ?? {}).flatMap(([value, histogram]) =>
      durationSamples(histogram, { [label]: value }),
    );
  return { name, type: 'histogram', help, labels: [label], samples };
}

function durationSamples(histogram: DurationHistogram, labels: Labels): Sample[] {
  const below = histogram.countsBelow(BOUNDS_US);
  const { count, sumMs } = histogram;
  return [
    ...BOUNDS_US.map((bound, index): Sample => {
      const le = String(bound / US_PER_SECOND);
      return { suffix: '_bucket', labels: { ...labels, le }, value: below[index] as number };
    }),
    { suffix: '_bucket', labels: { ...labels, le: '+Inf' }, value: count },
    { suffix: '_sum', labels, value: sumMs / MS_PER_SECOND },
    { suffix: '_count', labels, value: count },
  ];
}
