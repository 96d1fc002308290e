/** The workloads that everyone runs: tests, mutations and the long command alike. */

import { SeededRandom } from './seeded-random.ts';
import {
  exhaustiveWorkload,
  randomWorkload,
  STEPS_MAX,
  sequencesOf,
  type Workload,
} from './workload.ts';

/** Lengths of which all sequences are run, one after the other. */
const EXHAUSTED_MAX = 4;
const FAULT_STRIDE_MIN = 5;
const FAULT_STRIDE_MAX = 17;

export type StandardTask =
  /** All crash states of the workload. */
  | { readonly kind: 'crash'; readonly workload: Workload }
  /** Faults at every `stride`-th operation. */
  | {
      readonly kind: 'fault';
      readonly workload: Workload;
      readonly first: number;
      readonly stride: number;
    };

/** The `index`-th task of a seed; their kinds take turns. */
export function standardTask(seed: number, index: number): StandardTask {
  const turn = Math.floor(index / 4);
  const random = new SeededRandom(seed, index);
  switch (index % 4) {
    case 0:
      return { kind: 'crash', workload: exhausted(turn) };
    case 1:
      return { kind: 'crash', workload: randomWorkload(random.u32(), random.between(8, 30)) };
    case 2: {
      const stride = random.between(FAULT_STRIDE_MIN, FAULT_STRIDE_MAX);
      const workload = randomWorkload(random.u32(), random.between(6, 14));
      return { kind: 'fault', workload, first: random.between(1, stride), stride };
    }
    default: {
      const length = random.between(3, STEPS_MAX);
      const workload = exhaustiveWorkload(length, random.below(sequencesOf(length)));
      return { kind: 'crash', workload };
    }
  }
}

/** Sequences in the order of their length; all up to the longest, then from the beginning. */
function exhausted(turn: number): Workload {
  let index = turn;
  for (let length = 1; length <= EXHAUSTED_MAX; length += 1) {
    const count = sequencesOf(length);
    if (index < count) return exhaustiveWorkload(length, index);
    index -= count;
  }
  return exhausted(index);
}
