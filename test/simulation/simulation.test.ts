import { describe, expect, test } from 'vitest';
import { Campaign } from './campaign.ts';
import { describeFailure } from './describe-failure.ts';
import { STANDARD_LIMITS } from './explorer.ts';
import { PHASES } from './phase.ts';

const SEED = 1;
const WORKERS = 2;
const STATES_MIN = 40_000;
const PHASE_SHARE_MIN = 0.05;

describe('the crash simulator', { timeout: 600_000 }, () => {
  test('visits 40,000 distinct crash states and finds nothing wrong', async () => {
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
});
