/** The metrics themselves: names, figures, and both formats. */

import { describe, expect, test } from 'vitest';
import { HostMonitor } from '../../../src/host/host-monitor.ts';
import { HttpCounters } from '../../../src/http/http-counters.ts';
import { METRICS, MetricRegistry } from '../../../src/http/metrics/metric-registry.ts';
import type { ScrapeFacts } from '../../../src/http/metrics/scrape-facts.ts';
import { ServerCounters } from '../../../src/server/server-counters.ts';
import { DurationHistogram } from '../../../src/vocabulary/duration-histogram.ts';
import { MemoryStore } from '../server/memory-store.ts';
import { SAMPLE_STATS } from '../server/sample-stats.ts';

const monitor = new HostMonitor();
await monitor.sample();
const HOST = monitor.figures();
const COLLECTIONS = monitor.collections.byKind;
monitor.stop();

function facts(): ScrapeFacts {
  const { durations } = new MemoryStore();
  const sync = new DurationHistogram();
  for (const ms of [0.01, 0.02, 3, 30_000]) sync.record(ms);
  const counters = new ServerCounters();
  counters.countError('TIMEOUT');
  counters.slowConsumers = 11;
  const latency = new DurationHistogram();
  latency.record(1);
  return {
    version: '1.2.3',
    readiness: { ready: false, reasons: ['failed: it'], warnings: [] },
    host: HOST,
    collections: COLLECTIONS,
    logLines: { info: 13 },
    http: new HttpCounters(),
    httpMaxConnections: 256,
    served: {
      store: { ...SAMPLE_STATS, status: 'read-only', degraded: true },
      durations: { ...durations, sync },
      server: {
        ...counters.snapshot(),
        startedAt: 0,
        uptimeMs: 0,
        slowRequests: 12,
        throttledMs: 500,
        latency: {},
      },
      authentication: {
        users: 1,
        succeeded: 21,
        failed: 22,
        locked: 23,
        suspects: 24,
        waiting: 25,
      },
      limits: SAMPLE_STATS.limits,
      latencies: new Map([['GET', latency]]),
    },
  };
}

const text = await new MetricRegistry(facts).write('text');
const lines = text.split('\n');

/** `name{labels}` -> value */
const samples = new Map(
  lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]),
);

describe('names', () => {
  test.each(METRICS.map((metric) => [metric.name, metric] as const))('%s', (name, metric) => {
    expect(name).toMatch(/^caskd(_[a-z]+)+$/);
    expect(name.endsWith('_total')).toBe(metric.type === 'counter');
    // units are base units; these suffixes are for series of histograms alone
    expect(name).not.toMatch(/_(ms|us|kb|mb|milliseconds|percent|count|sum|bucket|created)(_|$)/);
    if (metric.type === 'histogram') expect(name).toMatch(/_seconds$/);
    expect(metric.help).toMatch(/^[A-Z0-9].*\.$/);
    for (const label of metric.labels) expect(label).toMatch(/^[a-z]+$/);
  });

  test('are unique, also without _total', () => {
    const families = METRICS.map(({ name }) => name.replace(/_total$/, ''));
    expect(new Set(families).size).toBe(families.length);
  });

  test('have the labels that they say', () => {
    for (const { name, labels, samples: samplesOf } of METRICS) {
      for (const sample of samplesOf(facts())) {
        const given = Object.keys(sample.labels ?? {}).filter((label) => label !== 'le');
        expect(given, name).toEqual(labels);
      }
    }
  });
});

describe('figures', () => {
  test.each([
    ['caskd_keys', 101],
    ['caskd_keydir_bytes', 201],
    ['caskd_index_bytes', 202],
    ['caskd_keys_expired_total', 204],
    ['caskd_cache_hits_total', 303],
    ['caskd_cache_misses_total', 304],
    ['caskd_log_segments', 401],
    ['caskd_log_bytes', 403],
    ['caskd_log_live_bytes', 404],
    ['caskd_log_dead_bytes', 405],
    ['caskd_write_queue_bytes', 501],
    ['caskd_log_written_bytes_total', 505],
    ['caskd_disk_read_bytes_total', 602],
    ['caskd_corrupt_reads_total', 607],
    ['caskd_read_failures_total', 608],
    ['caskd_long_stalls_total{kind="sync"}', 702],
    ['caskd_merge_in_progress', 1],
    ['caskd_merge_done_bytes', 801],
    ['caskd_merge_input_bytes', 802],
    ['caskd_merges_total', 803],
    ['caskd_merge_failures_total', 804],
    ['caskd_merge_read_bytes_total', 805],
    ['caskd_merge_written_bytes_total', 806],
    ['caskd_backups_total', 807],
    ['caskd_backup_failures_total', 808],
    ['caskd_jobs_running', 0],
    ['caskd_damaged_ranges', 1],
    ['caskd_degraded', 1],
    ['caskd_read_only', 1],
    ['caskd_ready', 0],
    ['caskd_durability_info{durability="always"}', 1],
    ['caskd_limit_max{limit="maxKeydirBytes"}', 203],
    ['caskd_limit_used{limit="maxKeydirBytes"}', 201],
    ['caskd_limit_used_peak{limit="maxKeydirBytes"}', 205],
    ['caskd_limit_reached_total{limit="maxKeydirBytes"}', 206],
    ['caskd_limit_reached_total{limit="maxBatchItems"}', 208],
    ['caskd_limit_max{limit="httpMaxConnections"}', 256],
    ['caskd_output_limit_disconnects_total', 11],
    ['caskd_slow_requests_total', 12],
    ['caskd_authentications_total{result="failed"}', 22],
    ['caskd_authentication_suspects', 24],
    ['caskd_log_lines_total{level="info"}', 13],
    ['caskd_timeouts_total{kind="request"}', 1],
    ['caskd_timeouts_total{kind="idle"}', 0],
    ['caskd_request_duration_seconds_sum{operation="GET"}', 0.001],
    ['caskd_process_resident_memory_bytes', HOST.process.rssBytes],
  ])('%s is %d', (series, value) => {
    expect(samples.get(series)).toBe(value);
  });

  test('a limit without a use has no series for it', () => {
    expect(samples.has('caskd_limit_used{limit="maxBatchItems"}')).toBe(false);
  });

  test('histograms are cumulative, in seconds', () => {
    const buckets = [...samples].filter(([name]) =>
      name.startsWith('caskd_fsync_duration_seconds_b'),
    );
    const counts = buckets.map(([, count]) => count);
    expect(counts).toEqual(counts.toSorted((a, b) => a - b));
    expect(samples.get('caskd_fsync_duration_seconds_bucket{le="0.000016"}')).toBe(1);
    expect(samples.get('caskd_fsync_duration_seconds_bucket{le="0.004096"}')).toBe(3);
    expect(samples.get('caskd_fsync_duration_seconds_bucket{le="16.777216"}')).toBe(3);
    expect(samples.get('caskd_fsync_duration_seconds_bucket{le="+Inf"}')).toBe(4);
    expect(samples.get('caskd_fsync_duration_seconds_count')).toBe(4);
    expect(samples.get('caskd_fsync_duration_seconds_sum')).toBeCloseTo(30.003, 3);
  });
});

describe('OpenMetrics', () => {
  test('names counters without _total, and their samples with it; ends with EOF', async () => {
    const open = await new MetricRegistry(facts).write('openmetrics');
    expect(open).toContain('# TYPE caskd_merges counter\ncaskd_merges_total 803\n');
    expect(open).not.toMatch(/^# TYPE \w+_total /m);
    expect(open.endsWith('\n# EOF\n')).toBe(true);
    expect(open).not.toContain('\n\n');
    const isSample = (line: string): boolean => line !== '' && !line.startsWith('#');
    expect(open.split('\n').filter(isSample)).toEqual(lines.filter(isSample));
  });
});
