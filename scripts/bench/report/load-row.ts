/** What a load generator measured, as a row. */

import type { DurationSummary } from '../../../src/vocabulary/duration-histogram.ts';
import type { ResultsRecorder, Row } from './results.ts';

export interface RowFigures {
  readonly requestsPerSecond: number;
  /** Processor time of the server, all its threads, per request. */
  readonly serverMicros: number;
  readonly latency: Pick<DurationSummary, 'p50Ms' | 'p99Ms' | 'p999Ms'>;
}

export function addLoadRow(
  results: ResultsRecorder,
  row: Pick<Row, 'table' | 'case' | 'subject'>,
  { requestsPerSecond, serverMicros, latency }: RowFigures,
): void {
  results.sample(row, 'rate', 'k/s', requestsPerSecond / 1000);
  results.sample(row, 'CPU', 'us', serverMicros);
  results.sample(row, 'p50', 'ms', latency.p50Ms);
  results.sample(row, 'p99', 'ms', latency.p99Ms);
  results.sample(row, 'p99.9', 'ms', latency.p999Ms);
}
