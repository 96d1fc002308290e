/** The figures of `npm run load -- memory scrapes`, of a few records: that has up to ten million. */

import { expect, test } from 'vitest';
import { chooseDaemonProgram } from '../../scripts/bench/servers/daemon-program.ts';
import { fits, measureMemory } from '../../scripts/load/memory.ts';
import { isSoonEnough, measureScrapes } from '../../scripts/load/scrapes.ts';

const GRANTED_BYTES = 320 * 1024 * 1024;
const { program } = chooseDaemonProgram();

test('the most that is resident is told for each phase', { timeout: 120_000 }, async () => {
  const lines: string[] = [];
  const grant = { records: 2000, bytes: GRANTED_BYTES };
  const row = await measureMemory(grant, program, (line) => lines.push(line));
  console.log(lines.join('\n'));
  expect(row.records).toBe(2000);
  expect(row.peaks.map(([phase]) => phase)).toEqual([
    'start',
    'import',
    'reads',
    'ranges',
    'start again',
    'again reads',
    'again ranges',
  ]);
  for (const [phase, bytes] of row.peaks) expect(bytes, phase).toBeGreaterThan(row.fileBytes);
  expect(fits(row)).toBe(true);
  expect(fits({ ...row, isEnforced: false })).toBe(true);
  expect(fits({ ...row, isEnforced: false, grantedBytes: row.fileBytes })).toBe(false);
});

test('every page of a monitor is asked for beside every load', { timeout: 120_000 }, async () => {
  const lines: string[] = [];
  const rows = await measureScrapes(2000, program, (line) => lines.push(line), 300);
  console.log(lines.join('\n'));
  expect(rows).toHaveLength(9);
  for (const row of rows) {
    expect(row.count, row.path).toBeGreaterThan(0);
    expect(row.p95Ms, row.path).toBeLessThanOrEqual(row.maxMs);
    expect(isSoonEnough({ ...row, p95Ms: 49 })).toBe(true);
    expect(isSoonEnough({ ...row, p95Ms: 51 })).toBe(false);
  }
});
