/** docs/metrics.md lists every metric with type, labels and meaning. */

import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { METRICS } from '../../../src/http/metrics/metric-registry.ts';
import { metricsPage, PARTS } from './metrics-page.ts';

const PAGE = new URL('../../../docs/metrics.md', import.meta.url);

test('the page has what the definitions say', () => {
  const page = readFileSync(PAGE, 'utf8');
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(PAGE, metricsPage(page));
  expect(readFileSync(PAGE, 'utf8')).toBe(metricsPage(page));
});

test('every metric belongs to a part', () => {
  expect(Object.values(PARTS).flatMap(({ metrics }) => metrics)).toEqual(METRICS);
});

test('expressions of the page name metrics that there are', () => {
  const [byHand = ''] = readFileSync(PAGE, 'utf8').split('<!-- metrics: ');
  const names = new Set(METRICS.map(({ name }) => name));
  for (const [name] of byHand.matchAll(/caskd_[a-z_]*[a-z]/g)) {
    expect(names, name).toContain(name.replace(/_(bucket|sum|count)$/, ''));
  }
});
