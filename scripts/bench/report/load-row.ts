/** What a load generator measured, as a row. */

import type { LoadFigures } from '../load/generate-load.ts';
import type { ResultsRecorder, Row } from './results.ts';

export function addLoadRow(
  results: ResultsRecorder,
  row: Pick<Row, 'table' | 'case' | 'subject'>,
  { requestsPerSecond, serverMicros, latency }: LoadFigures,
): void {
  results.sample(row, 'rate', 'k/s', requestsPerSecond / 1000);
  results.sample(row, 'CPU', 'us', serverMicros);
  results.sample(row, 'p50', 'ms', latency.p50Ms);
  results.sample(row, 'p99', 'ms', latency.p99Ms);
  results.sample(row, 'p99.9', 'ms', latency.p999Ms);
}
