/**
 * The real daemon, killed with -9 on the real kernel: 30 rounds here, `npm run torture` for more.
 * TORTURE_ROUNDS and TORTURE_SEED say otherwise.
 */

import { expect, test } from 'vitest';
import { summaryOf, torture } from '../../scripts/torture/torture.ts';

const ROUNDS = Number(process.env['TORTURE_ROUNDS'] ?? 30);
const SEED = Number(process.env['TORTURE_SEED'] ?? Date.now() % 1_000_000);
/** A round takes about a second; a busy machine may need several. */
const ROUND_MS_MAX = 8000;

/** Two thirds of the rounds sync every write, the others from time to time. */
const MODES = [
  { durability: 'always', rounds: Math.ceil((ROUNDS * 2) / 3) },
  { durability: 'interval', rounds: Math.floor(ROUNDS / 3) },
] as const;

test.each(MODES)(
  '$rounds rounds in $durability lose nothing that was acknowledged',
  async ({ durability, rounds }) => {
    const lines = [`seed ${SEED}, durability ${durability}`];
    const print = (line: string) => lines.push(line);
    const report = await torture({ rounds, durability, seed: SEED, print });
    lines.push(...summaryOf(report));
    console.log(lines.join('\n'));
    expect(report.rounds).toBe(rounds);
    const kills = Object.values(report.kills).map((figures) => figures.kills);
    expect(kills.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(rounds * 0.8);
    expect(report.acknowledged).toBeGreaterThan(rounds);
    expect(report.valuesChecked).toBeGreaterThan(rounds);
  },
  60_000 + ROUNDS * ROUND_MS_MAX,
);
