/** Which of the two formats of metrics a scraper prefers, by its Accept header. */

import { mediaRanges, weightOf } from './media-types.ts';
import type { MetricFormat } from './metrics/metric-registry.ts';

const OPENMETRICS = 'application/openmetrics-text';

/** OpenMetrics when it is named with at least the weight of text; else text, whatever is asked. */
export function acceptedFormat(accept: string | undefined): MetricFormat {
  const ranges = mediaRanges(accept);
  const openMetrics = weightOf(ranges, OPENMETRICS);
  const text = weightOf(ranges, 'text/plain', 'text/*', '*/*');
  return openMetrics > 0 && openMetrics >= text ? 'openmetrics' : 'text';
}
