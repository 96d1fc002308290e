/** A part of the benchmark from end to end, with next to nothing to measure. */

import { expect, it } from 'vitest';
import { http } from '../../scripts/bench/parts/http.ts';
import { runPart } from '../../scripts/bench/run-part.ts';
import { DAEMON_SHIM } from '../../scripts/child-daemon.ts';

const SOURCES = { program: DAEMON_SHIM, description: 'from sources' };

it('measures, and tells what it measured', async () => {
  const results = await runPart(http, { rounds: 2, seconds: 0.1 }, SOURCES, () => {});
  expect(results).toMatchObject({ part: 'http', options: { rounds: 2, seconds: 0.1 } });
  expect(results.conditions.commit).toMatch(/^([0-9a-f]+\+?|unknown)$/);
  expect(results.rows.map(({ subject }) => subject)).toHaveLength(2);
  for (const { metrics } of results.rows) {
    expect(metrics.map(({ name }) => name)).toEqual(['rate', 'CPU']);
    expect(metrics[0]?.samples).toHaveLength(2);
    for (const rate of metrics[0]?.samples ?? []) expect(rate).toBeGreaterThan(0);
  }
  expect(results.figures[0]?.samples).toHaveLength(2);
});
