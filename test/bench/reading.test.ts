/** What the benchmark reads: its command line, what redis-benchmark prints, profiles of V8. */

import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../scripts/bench/command-line.ts';
import { keyOf } from '../../scripts/bench/load/keys.ts';
import { parseRedisBenchmark } from '../../scripts/bench/load/redis-benchmark.ts';
import { PARTS } from '../../scripts/bench/parts/all-parts.ts';
import { hotFunctions } from '../../scripts/bench/profile/hot-functions.ts';

function parsed(...argv: string[]) {
  return parseCommandLine(argv, PARTS, (command) => {
    command.exitOverride().configureOutput({ writeErr: () => {} });
  });
}

describe('the command line', () => {
  it('measures every part with a section unless parts are named', () => {
    const all = parsed();
    const published = PARTS.filter(({ isPublished }) => isPublished);
    expect(all).toEqual({ action: 'run', parts: published, size: {}, page: true });
    const [http] = PARTS.filter(({ name }) => name === 'http');
    const flags = ['--rounds', '2', '--seconds', '0.5', '--keys', '10', '--no-page'];
    expect(parsed('http', ...flags)).toEqual({
      action: 'run',
      parts: [http],
      size: { rounds: 2, seconds: 0.5, keys: 10 },
      page: false,
    });
  });

  it('lists, and profiles one part', () => {
    expect(parsed('list')).toEqual({ action: 'list' });
    expect(parsed('profile', 'quick', '--rounds', '1')).toMatchObject({
      action: 'profile',
      part: { name: 'quick' },
      size: { rounds: 1 },
    });
  });

  it('refuses parts that there are not, and sizes that mean nothing', () => {
    expect(() => parsed('nothing')).toThrow(/nothing/);
    expect(() => parsed('http', '--rounds', '0')).toThrow(/1 or more/);
    expect(() => parsed('http', '--seconds', 'x')).toThrow(/above 0/);
  });
});

it('keys have 17 bytes and are distinct', () => {
  const keys = new Set(Array.from({ length: 100_000 }, (_, index) => keyOf(index)));
  expect(keys.size).toBe(100_000);
  for (const key of keys) if (key.length !== 17) expect(key).toHaveLength(17);
});

describe('redis-benchmark', () => {
  const printed = `====== SET ======
  100000 requests completed in 1.13 seconds
Latency by percentile distribution:
0.000% <= 0.087 milliseconds (cumulative count 2)
99.805% <= 0.639 milliseconds (cumulative count 99810)
99.902% <= 0.711 milliseconds (cumulative count 99906)
100.000% <= 1.183 milliseconds (cumulative count 100000)

Cumulative distribution of latencies:
0.000% <= 0.103 milliseconds (cumulative count 0)
100.000% <= 1.207 milliseconds (cumulative count 100000)

Summary:
  throughput summary: 88495.58 requests per second
  latency summary (msec):
          avg       min       p50       p95       p99       max
        0.302     0.096     0.295     0.415     0.543     1.183
`;

  it('is read', () => {
    expect(parseRedisBenchmark(printed)).toEqual({
      requestsPerSecond: 88495.58,
      p50Ms: 0.295,
      p99Ms: 0.543,
      p999Ms: 0.711,
    });
  });

  it('is refused without a summary', () => {
    expect(() => parseRedisBenchmark('Could not connect')).toThrow(/Could not connect/);
  });
});

it('profiles tell self time by function, idle time aside', () => {
  const frame = (functionName: string, url = '', lineNumber = 0) => ({
    functionName,
    url,
    lineNumber,
  });
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(idle)') },
      { id: 2, callFrame: frame('put', 'file:///x/dist/storage/session.js', 9) },
      { id: 3, callFrame: frame('(program)') },
      { id: 4, callFrame: frame('put', 'file:///x/dist/storage/session.js', 9) },
    ],
    samples: [1, 2, 3, 4],
    timeDeltas: [9000, 1000, 1000, 2000],
  };
  expect(hotFunctions(profile, 10)).toEqual([
    { name: 'put', place: 'dist/storage/session.js:10', selfMs: 3, share: 0.75 },
    { name: '(program)', place: '', selfMs: 1, share: 0.25 },
  ]);
});
