/** Which of the two formats of metrics a scraper prefers, by its Accept header (RFC 9110, 12.5.1). */

import type { MetricFormat } from './metrics/metric-registry.ts';

const OPENMETRICS = 'application/openmetrics-text';
const TEXT: readonly string[] = ['text/plain', 'text/*', '*/*'];

/** OpenMetrics when it is named with at least the weight of text; else text, whatever is asked. */
export function acceptedFormat(accept: string | undefined): MetricFormat {
  const ranges = (accept ?? '').split(',').map(parseRange);
  const openMetrics = weightOf(ranges, [OPENMETRICS]);
  return openMetrics > 0 && openMetrics >= weightOf(ranges, TEXT) ? 'openmetrics' : 'text';
}

interface MediaRange {
  readonly type: string;
  readonly weight: number;
}

function parseRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  const weight = quality === undefined ? 1 : Number(quality.slice(2));
  return { type, weight: Number.isNaN(weight) ? 0 : weight };
}

function weightOf(ranges: readonly MediaRange[], types: readonly string[]): number {
  const weights = ranges.filter(({ type }) => types.includes(type)).map(({ weight }) => weight);
  return Math.max(0, ...weights);
}
