/** Every kind of bad client, a few of each; `npm run load` has as many as there should be. */

import { expect, test } from 'vitest';
import { isPrompt, P99_FACTOR_MAX, runLoad } from '../../scripts/load/load.ts';

const GROWTH_BYTES_MAX = 256 * 1024 * 1024;

test('bad clients are dealt with, and a good one is served beside them', {
  timeout: 120_000,
}, async () => {
  const lines: string[] = [];
  const rows = await runLoad({ scale: 0.01, print: (line) => lines.push(line) });
  console.log(lines.join('\n'));
  expect(rows).toHaveLength(8);
  const [quiet] = rows;
  for (const { name, failure, probe, mostBytes } of rows) {
    expect(failure, name).toBeUndefined();
    expect(probe, name).toMatchObject({ wrong: 0, failures: [] });
    expect(probe.requests, name).toBeGreaterThan(0);
    expect(mostBytes - (quiet?.mostBytes ?? 0), name).toBeLessThan(GROWTH_BYTES_MAX);
  }
  if (quiet === undefined) throw new Error('there is no undisturbed time');
  const at = (p99Ms: number) => ({ ...quiet, probe: { ...quiet.probe, p99Ms } });
  expect(isPrompt(at(P99_FACTOR_MAX), at(1))).toBe(true);
  expect(isPrompt(at(P99_FACTOR_MAX + 1), at(1))).toBe(false);
});
