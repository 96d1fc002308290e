/**
 * Every decoder against inputs that are random, mutated, truncated at every byte, split at every
 * byte, or extreme in every field. FUZZ_INPUTS says how many in all (a million in the long run),
 * FUZZ_SEED repeats a run.
 */

import { describe, expect, test } from 'vitest';
import { keepInput, keptInputs } from './corpus.ts';
import { type FuzzResult, feedOnce } from './fuzz-job.ts';
import { runFuzz } from './run-fuzz.ts';
import { TARGETS, targetNamed } from './targets/index.ts';

const INPUTS = Number(process.env['FUZZ_INPUTS'] ?? 22_000);
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);
/** What may stay in memory after any number of inputs: caches of the runtime, no more. */
const GROWTH_BYTES_MAX = 64 * 1024 * 1024;
const TIMEOUT_MS = Math.max(60_000, INPUTS);

/** What the run found, with each failing input kept in the corpus. */
async function failuresOf({ failures }: FuzzResult): Promise<string[]> {
  const lines: string[] = [];
  for (const { target, index, error, input } of failures) {
    const path = await keepInput(target, Buffer.from(input, 'base64'));
    lines.push(`${target}, seed ${SEED}, input ${index}, kept as ${path}: ${error}`);
  }
  return lines;
}

describe('decoders', () => {
  const shares = TARGETS.reduce((sum, { share = 1 }) => sum + share, 0);
  const perTarget = Math.ceil(INPUTS / shares);

  test.each(TARGETS.map(({ name }) => name))(
    '%s: only typed errors, no hang, bounded memory',
    async (target) => {
      const result = await runFuzz({ target, seed: SEED, inputs: perTarget });
      const { failures: _, ...figures } = result;
      console.log(`seed ${SEED}: ${JSON.stringify(figures)}`);
      expect(await failuresOf(result)).toEqual([]);
      expect(result.inputs).toBeGreaterThanOrEqual(perTarget / 2);
      expect(result.growthBytes).toBeLessThan(GROWTH_BYTES_MAX);
    },
    TIMEOUT_MS,
  );
});

describe('the corpus of what failed once', () => {
  test('fails no more', async () => {
    const kept = await keptInputs();
    console.log(`${kept.length} inputs in the corpus`);
    for (const { target, name, input } of kept) {
      const { failures } = await feedOnce(targetNamed(target), input);
      expect(failures, `${target}/${name}`).toEqual([]);
    }
  });
});
