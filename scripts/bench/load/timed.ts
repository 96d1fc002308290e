/** Times one thing after the other, at a pace or as fast as they are done. */

import { DurationHistogram } from '../../../src/vocabulary/duration-histogram.ts';
import { Pace } from './pace.ts';

/** @param perSecond 0: each begins when the one before is done; else whether it is done or not */
export async function timed(
  count: number,
  perSecond: number,
  work: (index: number) => Promise<unknown>,
): Promise<DurationHistogram> {
  const durations = new DurationHistogram();
  const once = async (index: number): Promise<void> => {
    const startedMs = performance.now();
    await work(index);
    durations.record(performance.now() - startedMs);
  };
  if (perSecond === 0) {
    for (let index = 0; index < count; index += 1) await once(index);
    return durations;
  }
  const pace = new Pace(perSecond);
  const running: Promise<void>[] = [];
  for (let index = 0; index < count; index += 1) {
    await pace.turn();
    running.push(once(index));
  }
  await Promise.all(running);
  return durations;
}

export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return (performance.now() - startedMs) / 1000;
}
