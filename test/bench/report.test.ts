/** What the benchmark makes of its samples: statistics, judgements, tables, page. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PARTS } from '../../scripts/bench/parts/all-parts.ts';
import { judgementOf, verdictOf } from '../../scripts/bench/report/bound.ts';
import { barsOfTable } from '../../scripts/bench/report/chart-of-rows.ts';
import { pageOf } from '../../scripts/bench/report/page.ts';
import { ResultsRecorder } from '../../scripts/bench/report/results.ts';
import { type PartResults, readResults } from '../../scripts/bench/report/results-file.ts';
import { median, quantile, spread } from '../../scripts/bench/report/statistics.ts';
import { markdownOf, tablesOf } from '../../scripts/bench/report/tables.ts';

function recorded(): ResultsRecorder {
  const recorder = new ResultsRecorder();
  for (const [subject, rates] of [
    ['caskd', [90, 110, 100]],
    ['redis', [50, 52, 51]],
  ] as const) {
    for (const rate of rates) {
      recorder.sample({ table: 'requests', case: 'SET', subject }, 'rate', 'k/s', rate);
    }
  }
  recorder.sample({ table: 'requests', case: 'GET', subject: 'caskd' }, 'CPU', 'us', 2.5);
  recorder.judge('set-p16-everysec', 1.1);
  recorder.judge('set-p16-everysec', 1.08);
  recorder.figure('rate over HTTP', 'k/s', 12);
  return recorder;
}

const PART: PartResults = {
  ...recorded().results,
  part: 'network',
  summary: 'SET and GET',
  conditions: {
    date: '2026-01-01 00:00',
    commit: 'abc',
    processor: 'some',
    processors: 2,
    loadBefore: 0.5,
    memoryGib: 8,
    kernel: '6.1',
    node: '26.0.0',
    daemon: 'built',
  },
  options: { rounds: 2, keys: 100_000 },
  seconds: 12.3,
};

describe('statistics', () => {
  it('knows the median of odd and even numbers of samples, and of none', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it('tells the spread as a share of the median', () => {
    expect(spread([90, 110, 100])).toBeCloseTo(0.1);
    expect(spread([5])).toBe(0);
  });

  it('finds the quantile that so many do not exceed', () => {
    const sorted = Array.from({ length: 1000 }, (_, index) => index + 1);
    expect(quantile(sorted, 0.5)).toBe(500);
    expect(quantile(sorted, 0.999)).toBe(999);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('judgements', () => {
  it('says what is missed, and by how much', () => {
    expect(judgementOf(1.2, { atLeast: 1.2 })).toBe('met');
    expect(judgementOf(0.9, { atLeast: 1.2 })).toBe('missed by 25 %');
    expect(judgementOf(30, { atMost: 20 })).toBe('missed by 50 %');
    expect(judgementOf(30, {})).toBe('');
  });

  it('takes what was not measured as missed', () => {
    expect(verdictOf(Number.NaN, { atLeast: 1 })).toBe('missed');
  });
});

describe('tables', () => {
  it('has a column for each metric, and medians with their spread', () => {
    const [requests, judged] = tablesOf(recorded().results);
    expect(requests?.head).toEqual(['case', 'of', 'rate, k/s', 'CPU, us']);
    expect(requests?.rows).toEqual([
      ['SET', 'caskd', '100 ±10%', ''],
      ['SET', 'redis', '51.0 ±2%', ''],
      ['GET', 'caskd', '', '2.50'],
    ]);
    expect(judged?.rows[0]?.slice(1)).toEqual(['>= 1.2', '1.09', '1.10 1.08', 'missed by 9 %']);
    expect(judged && markdownOf(judged).split('\n')[1]).toBe('| --- | --: | --: | --: | --: |');
  });

  it('makes groups of bars of a table', () => {
    const chart = barsOfTable(recorded().results, 'requests', 'rate', { name: 'n', title: 't' });
    expect(chart.series).toEqual(['caskd', 'redis']);
    expect(chart.groups).toEqual([
      { name: 'SET', values: [100, 51] },
      { name: 'GET', values: [null, null] },
    ]);
  });
});

describe('the page', () => {
  it('has a section of each part that was measured, and every goal at its end', () => {
    const page = pageOf({ network: PART }, ['quick', 'network']);
    expect(page).toContain('## network: SET and GET');
    expect(page).toContain('2026-01-01 00:00 UTC, commit abc');
    expect(page).toMatch(/\| SET, pipeline 16.* Redis everysec \| >= 1.2 \| 1.09 .*missed by 9 %/);
    expect(page).toMatch(/\| GET one by one.* \| >= 1 \| {2}\| {2}\| not measured \|/);
  });

  it('is what the results say', () => {
    const docs = new URL('../../docs/', import.meta.url);
    const results = readResults(new URL('benchmarks/results.json', docs).pathname);
    const order = PARTS.map(({ name }) => name);
    expect(readFileSync(new URL('benchmarks.md', docs), 'utf8')).toBe(pageOf(results, order));
    expect(Object.keys(results).filter((name) => !order.includes(name))).toEqual([]);
  });
});
