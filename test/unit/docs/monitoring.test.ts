/** Dashboard and alert rules name metrics and labels that /metrics has. */

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { MetricDefinition } from '../../../src/http/metrics/metric-definition.ts';
import { METRICS } from '../../../src/http/metrics/metric-registry.ts';

const FOLDER = new URL('../../../scripts/monitoring/', import.meta.url);
const SERIES_OF_HISTOGRAM = /_(bucket|sum|count)$/;
/** Prometheus adds these to everything that it scrapes. */
const SCRAPE_LABELS = ['job', 'instance'];
const BY_NAME = new Map(METRICS.map((metric) => [metric.name, metric]));

/** A metric with its selector, if it has one: `caskd_keys{instance="x"}`. */
const SELECTOR = /(caskd_[a-z_]*[a-z])(\{[^}]*\})?/g;
const LABEL = /([a-z]+)(?:=~|!=|!~|=)"/g;

function text(file: string): string {
  return readFileSync(new URL(file, FOLDER), 'utf8');
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const dashboard = JSON.parse(text('grafana-dashboard.json')) as {
  panels: Panel[];
  annotations: { list: { expr: string }[] };
  templating: { list: { query: unknown }[] };
};
const alerts = [...text('alerts.yaml').matchAll(/^ +- alert: (\w+)\n +expr: (.+)$/gm)];

const EXPRESSIONS: [string, string][] = [
  ...dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }): [string, string] => [title, expr]),
  ),
  ...dashboard.annotations.list.map(({ expr }): [string, string] => ['annotation', expr]),
  ...alerts.map(([, alert = '', expr = '']): [string, string] => [alert, expr]),
  ['variables', JSON.stringify(dashboard.templating)],
];

/** The metric of a series; a histogram has three for each. */
function metricOf(series: string): MetricDefinition | undefined {
  const metric = BY_NAME.get(series);
  if (metric !== undefined) return metric.type === 'histogram' ? undefined : metric;
  const histogram = BY_NAME.get(series.replace(SERIES_OF_HISTOGRAM, ''));
  return histogram?.type === 'histogram' ? histogram : undefined;
}

test('Prometheus loads the rules', () => {
  const [, file = ''] = /^rule_files:\n {2}- (.+)$/m.exec(text('prometheus.yml')) ?? [];
  expect(file).toBe('alerts.yaml');
});

test('there are alerts for what must not be overlooked', () => {
  expect(alerts.map(([, name]) => name)).toEqual(
    expect.arrayContaining(['CaskdDown', 'CaskdNotReady', 'CaskdReadOnly', 'CaskdCorruption']),
  );
  expect(alerts.length).toBe(text('alerts.yaml').match(/^ +- alert: /gm)?.length);
});

describe.each(EXPRESSIONS)('%s: %s', (_, expression) => {
  test('names what there is', () => {
    const selectors = [...expression.matchAll(SELECTOR)];
    if (!expression.startsWith('up{')) expect(selectors).not.toEqual([]);
    for (const [, series = '', selector = ''] of selectors) {
      const metric = metricOf(series);
      expect(metric, series).toBeDefined();
      const known = [...SCRAPE_LABELS, ...(metric?.labels ?? [])];
      for (const [, label] of selector.matchAll(LABEL)) expect(known, series).toContain(label);
    }
  });

  test('has its brackets in pairs', () => {
    for (const [open, close] of ['()', '{}', '[]']) {
      expect(expression.split(open as string).length).toBe(
        expression.split(close as string).length,
      );
    }
  });
});
