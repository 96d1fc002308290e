import { describe, expect, test } from 'vitest';
import { Campaign } from './campaign.ts';
import { describeFailure } from './describe-failure.ts';
import { SPARSE_LIMITS, STANDARD_LIMITS } from './explorer.ts';
import { describeResult, runMutations } from './mutation-run.ts';
import { MUTATIONS } from './mutations.ts';
import { PHASES } from './phase.ts';

const SEED = 1;
const WORKERS = 2;
const STATES_MIN = 100_000;
const PHASE_SHARE_MIN = 0.05;
const MUTATION_TASKS_MAX = 400;

describe('the crash simulator', { timeout: 900_000 }, () => {
  test('visits 100,000 distinct crash states and finds nothing wrong', async () => {
    const campaign = new Campaign({
      seed: SEED,
      limits: STANDARD_LIMITS,
      workers: WORKERS,
      firstTask: 0,
      wantsMore: ({ states, failures }) => states < STATES_MIN && failures.length === 0,
    });
    await campaign.run();
    const failure = campaign.failures[0];
    expect(failure === undefined ? '' : await describeFailure(failure, SEED)).toBe('');
    const { figures, states } = campaign;
    const { recoveries, faults, workloads } = figures;
    console.log(
      `${states} distinct crash states of ${workloads} workloads (seed ${SEED}), ` +
        `${recoveries} recoveries, ${faults} faults\n${figures.table()}`,
    );
    expect(states).toBeGreaterThanOrEqual(STATES_MIN);
    for (const phase of PHASES) {
      expect(figures.ofPhase(phase) / states, phase).toBeGreaterThanOrEqual(PHASE_SHARE_MIN);
    }
  });

  test('bites: every bug that is put into the engine is noticed', async () => {
    const lines: string[] = [];
    const results = await runMutations(MUTATIONS, {
      seed: SEED,
      limits: SPARSE_LIMITS,
      tasksMax: MUTATION_TASKS_MAX,
      startsWithKnown: true,
      workers: WORKERS,
      onResult: (result) => lines.push(describeResult(result)),
    });
    const survivors = results.filter(({ caughtBy }) => caughtBy === undefined);
    const caught = results.length - survivors.length;
    console.log(`${lines.join('\n')}\n${caught} of ${results.length} mutations caught`);
    expect(results).toHaveLength(MUTATIONS.length);
    expect(survivors.map(({ name }) => name)).toEqual([]);
  });
});
