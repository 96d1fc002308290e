import { describe, expect, test } from 'vitest';
import { formatBytes, formatCount, formatMs, formatPercent } from '../../../src/console/format.ts';
import { columnsOf, type SegmentFigures } from '../../../src/console/segments.ts';
import { latencyOf, ratesBetween, type Stats } from '../../../src/console/stats.ts';

const SUMMARY = { count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 };

function statsWith(server: Partial<Stats['server']>, more: Partial<Stats> = {}): Stats {
  return {
    status: 'open',
    durability: 'always',
    keys: 0,
    degraded: false,
    keydir: { bytes: 0, maxBytes: 0 },
    cache: { hits: 0, misses: 0, bytesMax: 0 },
    log: { segments: 0, bytes: 0, liveBytes: 0, deadBytes: 0 },
    writes: { bytesWritten: 0, syncs: 0 },
    merge: {
      state: 'idle',
      bytesDone: 0,
      bytesTotal: 0,
      paused: false,
      runs: 0,
      failures: 0,
      lastError: null,
    },
    limits: {},
    server: {
      uptimeMs: 0,
      connectionsOpen: 0,
      bytesIn: 0,
      bytesOut: 0,
      slowRequests: 0,
      requests: {},
      latency: {},
      ...server,
    },
    ...more,
  };
}

describe('ratesBetween', () => {
  const before = { atMs: 1000, stats: statsWith({ uptimeMs: 5, requests: { GET: 10, PUT: 1 } }) };

  test('tells what happened in a second', () => {
    const requests = { GET: 30, RANGE: 2, PUT: 5, BATCH: 2, STATS: 4 };
    const stats = statsWith({ uptimeMs: 2005, requests, bytesIn: 100 });
    const rates = ratesBetween(before, { atMs: 3000, stats });
    expect(rates).toMatchObject({ reads: 11, writes: 3, requests: 16, bytesIn: 50 });
  });

  test('tells nothing over a restart', () => {
    expect(ratesBetween(before, { atMs: 3000, stats: statsWith({ uptimeMs: 1 }) })).toBeUndefined();
  });
});

test('the latency of a kind is that of its busiest operation', () => {
  const of = (count: number, p99Ms: number) => ({
    ...SUMMARY,
    count,
    recent: { ...SUMMARY, count, p50Ms: 1, p99Ms },
  });
  const stats = statsWith({ latency: { GET: of(10, 2), RANGE: of(3, 90), PUT: of(1, 7) } });
  expect(latencyOf(stats, 'read')).toEqual({ operation: 'GET', p50Ms: 1, p99Ms: 2 });
  expect(latencyOf(stats, 'write')).toEqual({ operation: 'PUT', p50Ms: 1, p99Ms: 7 });
  expect(latencyOf(statsWith({}), 'read')).toBeUndefined();
});

describe('columnsOf', () => {
  const segment = (id: number, more: Partial<SegmentFigures> = {}): SegmentFigures => ({
    id,
    bytes: 10,
    liveBytes: 4,
    isActive: false,
    isMerged: false,
    isMerging: false,
    ...more,
  });

  test('one for each segment, in their order', () => {
    const columns = columnsOf([segment(3, { isActive: true }), segment(1)], 10);
    expect(columns.map(({ firstId, lastId, isActive }) => [firstId, lastId, isActive])).toEqual([
      [1, 1, false],
      [3, 3, true],
    ]);
  });

  test('neighbours share one where there are too many', () => {
    const segments = Array.from({ length: 7 }, (_, index) => segment(index + 1));
    const columns = columnsOf([...segments, segment(8, { isMerging: true })], 3);
    expect(
      columns.map(({ firstId, lastId, bytes, isMerging }) => [firstId, lastId, bytes, isMerging]),
    ).toEqual([
      [1, 3, 30, false],
      [4, 6, 30, false],
      [7, 8, 20, true],
    ]);
  });

  test('none of nothing', () => {
    expect(columnsOf([], 3)).toEqual([]);
  });
});

describe('figures for people', () => {
  test.for([
    [formatBytes(0), '0 B'],
    [formatBytes(1023), '1023 B'],
    [formatBytes(1536), '1.5 KiB'],
    [formatBytes(5 * 1024 ** 3), '5 GiB'],
    [formatCount(1234.4), '1,234'],
    [formatCount(1.25), '1.3'],
    [formatPercent(1, 3), '33.3 %'],
    [formatPercent(0, 0), '–'],
    [formatPercent(1, 5000), '< 0.1 %'],
    [formatPercent(0, 1), '0 %'],
    [formatMs(0.0416), '0.042 ms'],
    [formatMs(12.34), '12.3 ms'],
    [formatMs(1500), '1.5 s'],
    [formatMs(3_600_000), '60 min'],
    [formatMs(86_400_000 * 3), '3 d'],
  ])('%s', ([told, wanted]) => {
    expect(told).toBe(wanted);
  });
});
