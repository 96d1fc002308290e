import { describe, expect, it } from 'vitest';
import type { Facts } from '../../../src/shell/stats/facts.ts';
import { columnsWithin, STAT_COLUMNS, statLine } from '../../../src/shell/stats/stat-line.ts';
import { FakeClient } from './fake-client.ts';
import { runWith } from './fake-io.ts';

const LATENCY = {
  count: 10,
  sumMs: 5,
  p50Ms: 0.25,
  p95Ms: 1.5,
  p99Ms: 120,
  p999Ms: 1200,
  maxMs: 1234,
};

/** A reply to STATS after so many seconds of work. */
function statsAfter(seconds: number): Facts {
  return {
    ...{ uuid: 'abc', status: 'open', durability: 'always', keys: 1_234_567, indexReady: true },
    ...{ lastRevision: 12, committedRevision: 10, degraded: false },
    keydir: { bytes: 100 * 1024 ** 2, indexBytes: 1024, maxBytes: 1024 ** 3, retired: 5 },
    cache: { bytesMax: 1024, entries: 2, hits: 90 * seconds, misses: 10 * seconds },
    log: { segments: 2, bytes: 4000, liveBytes: 3000, deadBytes: 1000 },
    writes: { queuedBytes: 2048, groups: 4, syncs: 4, bytesWritten: 4000, dirtyBytes: 0 },
    reads: { fromDisk: 1, bytesFromDisk: 10, inFlight: 0, waiting: 0, corrupt: 0, failed: 0 },
    longStalls: { sync: 3 },
    durations: { sync: LATENCY, merge: { ...LATENCY, count: 0 } },
    merge: { state: 'copying', bytesDone: 10, bytesTotal: 100, paused: true, runs: 2, failures: 0 },
    limits: { maxKeydirBytes: { limit: 1024, current: 10, high: 20, reached: 7 } },
    ...{ damage: [], jobs: [] },
    opened: { byHint: 2, scanned: 1, ms: 16 },
    server: {
      ...{ startedAt: 1_700_000_000_000, uptimeMs: 83_000, connectionsOpen: 2 },
      ...{ connectionsAccepted: 9, connectionsRejected: 0, connectionsKilled: 1 },
      ...{ slowConsumers: 0, truncatedStreams: 0, bytesIn: 1000 * seconds, bytesOut: 0 },
      requests: { unknown: 0, GET: 500 * seconds, PUT: 20 * seconds, RANGE: 0 },
      errors: { CONFLICT: 3 * seconds },
      slowRequests: 4,
      latency: {
        GET: { ...LATENCY, recent: LATENCY },
        PUT: { ...LATENCY, recent: { ...LATENCY, count: 0 } },
      },
    },
    process: {
      ...{ pid: 4711, uptimeMs: 83_000, cpuUserMs: 40_000, cpuSystemMs: 1500 },
      ...{ mainThreadCpuMs: 1000, rssBytes: 1024 ** 3, heapUsedBytes: 10, heapMaxBytes: 1024 },
      ...{ externalBytes: 20, openFiles: 22, openFilesMax: 20_000 },
    },
    eventLoop: { p50Ms: 1, p99Ms: 12, maxMs: 34 },
    collections: { major: { count: 3, sumMs: 30, p50Ms: 8, p99Ms: 9, maxMs: 10 } },
    system: {
      cpus: 2,
      load1: 7.57,
      load5: 11.33,
      load15: 12.22,
      memoryBytes: 20,
      memoryAvailableBytes: 10,
    },
  };
}

async function page(facts: object, words: readonly string[] = []): Promise<string> {
  const server = new FakeClient();
  server.statsReplies.push(facts);
  return (await runWith(server, ['stats', ...words])).out;
}

describe('stats', () => {
  it('is a page of sections, with units', async () => {
    const text = await page(statsAfter(1));
    const lines = text.split('\n').map((line) => line.trim().replaceAll(/ +/g, ' '));
    for (const line of [
      'clients 2 open, 9 since the start, 1 killed',
      'up 1 min 23 s, since 2023-11-14T22:13:20.000Z',
      'opened in 16 ms, 2 segments by their hints, 1 scanned',
      'requests p50 p95 p99 max p99 ever max ever',
      'GET 500 0.250 1.5 120 1,234 120 1,234',
      'PUT 20 - - - - 120 1,234',
      'keys 1,234,567',
      'revision 10, 2 more underway',
      'memory of keys 100.0 MiB of 1.0 GiB (9.8 %)',
      'a key 85 B',
      'hits 90.0 % of 100 reads',
      'live 2.9 KiB (75.0 %)',
      'dead 1000 B (25.0 %)',
      'sync 10 0.250 1.5 120 1,234 3',
      'state copying, paused',
      'done 10 B of 100 B (10.0 %)',
      'maxKeydirBytes 1.0 KiB 10 B 20 B 7',
      'CPU 41.5 s (50.0 %)',
      'heap 10 B of 1.0 KiB',
      'lag of the event loop p50 1.0, p99 12.0, max 34.0 ms, in the last 30 to 60 s',
      'open files 22 of 20,000',
      'major 3 30.0 8.0 9.0 10.0',
      'load 7.57, 11.33, 12.22',
      'memory available 10 B of 20 B',
      'CONFLICT 3',
      'slow requests 4',
    ]) {
      expect(lines).toContain(line);
    }
    expect(text).not.toMatch(/undefined|NaN|null|Trouble|Other/);
  });

  it('puts trouble in front, and prints what it does not know as it is', async () => {
    const facts = { ...statsAfter(1), damage: [{}, {}], degraded: true, brandNew: { someMs: 5 } };
    const text = await page(facts);
    expect(text).toContain('Trouble\n  damaged places in the log  2\n  state ');
    expect(text).toContain('Other, brand new\n  some ms  5 ms\n');
  });

  it('makes do with a server that tells nothing', async () => {
    expect(await page({})).toBe('');
  });

  it('--json is what the server said', async () => {
    expect(JSON.parse(await page(statsAfter(2), ['--json']))).toEqual(statsAfter(2));
  });
});

describe('stats --watch', () => {
  const motion = { before: statsAfter(1), now: statsAfter(3), seconds: 2 };

  it('tells rates between two looks', () => {
    const values = Object.fromEntries(STAT_COLUMNS.map(({ name, value }) => [name, value(motion)]));
    expect(values).toEqual({
      ...{ clients: 2, keys: 1_234_567, readsPerSecond: 500, writesPerSecond: 20 },
      ...{ rangesPerSecond: 0, readP99Ms: 120, writeP99Ms: undefined, errorsPerSecond: 3 },
      ...{ bytesInPerSecond: 1000, bytesOutPerSecond: 0, cacheHitShare: 0.9, queuedBytes: 2048 },
      ...{ deadShare: 0.25, residentBytes: 1024 ** 3 },
    });
    const empty = { before: {}, now: {}, seconds: 1 };
    expect(statLine(STAT_COLUMNS, empty)).toMatch(/^ +- +- +0 +0 +0 +- +- +0 /);
  });

  it('leaves out columns that the terminal has no room for', () => {
    expect(columnsWithin(20).map(({ name }) => name)).toEqual(['clients', 'keys']);
    for (const width of [40, 80, 100]) {
      expect(statLine(columnsWithin(width), motion).length).toBeLessThanOrEqual(width);
    }
    expect(columnsWithin(1000)).toEqual(STAT_COLUMNS);
  });

  it('prints a header every 20 lines, and as many lines as asked', async () => {
    const server = new FakeClient();
    const words = ['stats', '--watch', '-i', '0.001', '-r', '22'];
    const lines = (await runWith(server, words)).out.trimEnd().split('\n');
    expect(lines).toHaveLength(24);
    const headers = lines.flatMap((line, at) => (line.includes('clients') ? [at] : []));
    expect(headers).toEqual([0, 21]);
  });

  it('as CSV and JSON it has every column', async () => {
    const csv = await runWith(new FakeClient(), [
      'stats',
      '--watch',
      '-i',
      '0.001',
      '-r',
      '2',
      '--csv',
    ]);
    const [head, ...lines] = csv.out.trimEnd().split('\n');
    expect(head).toBe(STAT_COLUMNS.map(({ name }) => name).join(','));
    expect(lines).toHaveLength(2);
    const json = await runWith(new FakeClient(), [
      'stats',
      '--watch',
      '-i',
      '0.001',
      '-r',
      '1',
      '--json',
    ]);
    expect(JSON.parse(json.out)).toMatchObject({ keys: 0, readsPerSecond: 0 });
  });
});
