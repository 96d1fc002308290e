/**
 * Everything at once on the real daemon for a few seconds: `npm run soak` for longer. What counts
 * here is that every answer is right; figures are for those who look. SOAK_SECONDS (8 at
 * least, for a kill and a stop) and SOAK_SEED say otherwise.
 */

import { readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { problemsOf, summaryOf } from '../../scripts/soak/report.ts';
import { soak } from '../../scripts/soak/soak.ts';

const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 8);
const SEED = Number(process.env['SOAK_SEED'] ?? Date.now() % 1_000_000);
/** Starts, stops and checks on a busy machine. */
const BESIDES_MS_MAX = 240_000;

test(
  `a soak of ${SECONDS} s finds every answer right`,
  async () => {
    const lines = [`seed ${SEED}`];
    const report = await soak({ seconds: SECONDS, seed: SEED, print: (line) => lines.push(line) });
    lines.push(...summaryOf(report));
    console.log(lines.join('\n'));
    expect(problemsOf(report)).toEqual([]);
    expect(report.kills).toBeGreaterThan(0);
    expect(report.stops).toBeGreaterThan(1);
    expect(report.readsVerified).toBeGreaterThan(0);
    expect(report.valuesChecked).toBeGreaterThan(0);
    expect(await readFile(report.chartPath, 'utf8')).toContain('</svg>');
    await rm(dirname(report.chartPath), { recursive: true });
  },
  SECONDS * 1000 + BESIDES_MS_MAX,
);
