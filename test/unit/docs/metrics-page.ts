/** The tables of docs/metrics.md, made from the definitions of the metrics. */

import { HTTP_METRICS } from '../../../src/http/metrics/http-metrics.ts';
import { LIMIT_METRICS } from '../../../src/http/metrics/limit-metrics.ts';
import type { MetricDefinition } from '../../../src/http/metrics/metric-definition.ts';
import { PROCESS_METRICS } from '../../../src/http/metrics/process-metrics.ts';
import { SERVER_METRICS } from '../../../src/http/metrics/server-metrics.ts';
import { STORE_METRICS } from '../../../src/http/metrics/store-metrics.ts';

interface Part {
  readonly title: string;
  readonly metrics: readonly MetricDefinition[];
}

export const PARTS: Readonly<Record<string, Part>> = {
  store: { title: 'Store', metrics: STORE_METRICS },
  server: { title: 'Clients over TCP', metrics: SERVER_METRICS },
  limits: { title: 'Limits', metrics: LIMIT_METRICS },
  http: { title: 'Readiness and HTTP', metrics: HTTP_METRICS },
  process: { title: 'Process and machine', metrics: PROCESS_METRICS },
};

/** The page up to the first table, which is written by hand, and the tables. */
export function metricsPage(page: string): string {
  const [byHand = ''] = page.split('<!-- metrics: ');
  const tables = Object.entries(PARTS).map(
    ([name, part]) => `<!-- metrics: ${name} -->\n\n${tableOf(part)}`,
  );
  return byHand + tables.join('\n');
}

function tableOf({ title, metrics }: Part): string {
  const rows = metrics.map(({ name, type, labels, help }) => {
    const labelled = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${labelled} | ${help} |\n`;
  });
  return `## ${title}\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n${rows.join('')}`;
}
