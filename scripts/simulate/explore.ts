/** Visits as many distinct crash states as asked, with a progress line; can be resumed. */

import { Campaign } from '../../test/simulation/campaign.ts';
import { describeFailure } from '../../test/simulation/describe-failure.ts';
import { STANDARD_LIMITS } from '../../test/simulation/explorer.ts';
import { readProgress, saveProgress } from './progress-file.ts';

const PROGRESS_MS = 2000;
const SAVE_MS = 60_000;

export interface ExploreOptions {
  readonly states: number;
  readonly seed: number;
  readonly workers: number;
  readonly resumeFile: string | undefined;
}

export async function explore(options: ExploreOptions): Promise<number> {
  const { states, seed, workers, resumeFile } = options;
  const before = resumeFile === undefined ? undefined : await readProgress(resumeFile, seed);
  const started = performance.now();
  const statesBefore = before?.digests.size ?? 0;
  let toldAt = 0;
  let savedAt = started;
  let saving = Promise.resolve();
  const campaign = new Campaign({
    seed,
    limits: STANDARD_LIMITS,
    workers,
    firstTask: before?.nextTask ?? 0,
    wantsMore: (now) => now.states < states && now.failures.length === 0,
    onResult: (now) => {
      const at = performance.now();
      if (at - toldAt > PROGRESS_MS) {
        toldAt = at;
        const perSecond = (now.states - statesBefore) / ((at - started) / 1000);
        tell(`${now.states} of ${states} states, task ${now.nextTask}, ${Math.round(perSecond)}/s`);
      }
      if (resumeFile === undefined || at - savedAt < SAVE_MS) return;
      savedAt = at;
      saving = saving.then(() => saveProgress(resumeFile, seed, now));
    },
    ...(before === undefined ? {} : { digests: before.digests }),
  });
  await campaign.run();
  await saving;
  const failure = campaign.failures[0];
  tell('');
  const { figures } = campaign;
  console.log(`${campaign.states} distinct crash states, seed ${seed}, ${campaign.nextTask} tasks`);
  console.log(figures.table());
  if (failure !== undefined) {
    console.log(await describeFailure(failure, seed));
    return 1;
  }
  if (resumeFile !== undefined) await saveProgress(resumeFile, seed, campaign);
  return 0;
}

/** One line that is written over and over on a terminal; a line each elsewhere. */
function tell(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
  else if (line !== '') process.stderr.write(`${line}\n`);
}
