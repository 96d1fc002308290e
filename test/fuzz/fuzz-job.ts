/** Feeds one target a stretch of inputs and watches what it does. Runs in a worker thread. */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { SeededRandom } from '../../scripts/torture/seeded-random.ts';
import { CaskError } from '../../src/errors/cask-error.ts';
import { AllocationWatch } from './allocation-watch.ts';
import { chopped, type FuzzTarget, mustHold } from './fuzz-target.ts';
import { exhaustiveInputs, isShort, makeInput } from './mutate.ts';

export interface FuzzPlan {
  readonly target: string;
  readonly seed: number;
  /** Random inputs; beside them all truncations and extremes of the valid ones. */
  readonly inputs: number;
}

export interface FuzzFailure {
  readonly target: string;
  readonly index: number;
  readonly error: string;
  /** The input, in base64. */
  readonly input: string;
}

export interface FuzzResult {
  readonly target: string;
  readonly inputs: number;
  /** What became of the inputs: how many of each outcome. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly largestAllocation: number;
  readonly slowestMs: number;
  readonly seconds: number;
  /** How much memory was held at the end above what was held at the beginning. */
  readonly growthBytes: number;
  readonly failures: readonly FuzzFailure[];
}

const FAILURES_MAX = 5;
const COLLECTIONS = 3;
/** Mixes the index into the seed, so that any input can be made alone. */
const INDEX_FACTOR = 0x9e37_79b1;

/** Tells how far the job is, so that someone else can see whether it hangs. */
export type Progress = (index: number) => void;

export function randomOf(seed: number, index: number): SeededRandom {
  return new SeededRandom((seed ^ Math.imul(index + 1, INDEX_FACTOR)) >>> 0);
}

export async function runFuzzJob(
  target: FuzzTarget,
  plan: FuzzPlan,
  progress: Progress,
): Promise<FuzzResult> {
  const job = new FuzzJob(target);
  const before = await heldBytes();
  const inputs = Math.ceil(plan.inputs * (target.share ?? 1));
  let index = 0;
  for (const input of exhaustiveInputs(target, randomOf(plan.seed, 0))) {
    progress(index);
    await job.feed(input, index, randomOf(plan.seed, index));
    index += 1;
    if (job.failures.length >= FAILURES_MAX) break;
  }
  for (let count = 0; count < inputs && job.failures.length < FAILURES_MAX; count += 1) {
    progress(index);
    const random = randomOf(plan.seed, index);
    await job.feed(makeInput(target, random), index, random);
    index += 1;
  }
  await job.feedSplits(progress);
  return { ...job.result, growthBytes: (await heldBytes()) - before };
}

/** One input, for the corpus: outcome, or what is wrong. */
export async function feedOnce(target: FuzzTarget, input: Buffer): Promise<FuzzResult> {
  const job = new FuzzJob(target);
  await job.feed(input, 0, randomOf(1, 0));
  return { ...job.result, growthBytes: 0 };
}

class FuzzJob {
  readonly failures: FuzzFailure[] = [];
  readonly #target: FuzzTarget;
  readonly #startedAtMs = performance.now();
  readonly #outcomes: Record<string, number> = {};
  #inputs = 0;
  #largestAllocation = 0;
  #slowestMs = 0;

  constructor(target: FuzzTarget) {
    this.#target = target;
  }

  get result(): Omit<FuzzResult, 'growthBytes'> {
    return {
      target: this.#target.name,
      inputs: this.#inputs,
      outcomes: this.#outcomes,
      largestAllocation: this.#largestAllocation,
      seconds: Math.round((performance.now() - this.#startedAtMs) / 100) / 10,
      slowestMs: Math.round(this.#slowestMs * 10) / 10,
      failures: this.failures,
    };
  }

  async feed(input: Buffer, index: number, random: SeededRandom): Promise<void> {
    const target = this.#target;
    const kept = Buffer.from(input);
    const startedAtMs = performance.now();
    using watch = new AllocationWatch();
    try {
      this.#count(await target.feed(input, random));
    } catch (thrown) {
      const isAllowed = thrown instanceof CaskError && target.codes.includes(thrown.code);
      if (isAllowed) this.#count(thrown.code);
      else this.#fail(thrown, index, kept);
    }
    this.#inputs += 1;
    this.#slowestMs = Math.max(this.#slowestMs, performance.now() - startedAtMs);
    this.#largestAllocation = Math.max(this.#largestAllocation, watch.largest);
    const allowed = target.allocationMax(kept.length);
    if (watch.largest > allowed) {
      const what = `${watch.largest} bytes were allocated at once; allowed are ${allowed}`;
      this.#fail(new Error(what), index, kept);
    }
  }

  /** Every split of every valid input in two, and all of it byte by byte. */
  async feedSplits(progress: Progress): Promise<void> {
    const { outcome, seeds } = this.#target;
    if (outcome === undefined) return;
    for (const seed of seeds.filter(isShort)) {
      const whole = await outcome([seed]);
      for (let at = 1; at < seed.length; at += 1) {
        progress(-at);
        const cut = await outcome([seed.subarray(0, at), seed.subarray(at)]);
        mustHold(cut === whole, `${this.#target.name}: a split at ${at} changes what comes out`);
        this.#inputs += 1;
      }
      const bytes = Array.from(seed, (byte) => Buffer.of(byte));
      mustHold((await outcome(bytes)) === whole, 'byte by byte it is the same');
      mustHold((await outcome(chopped(seed, randomOf(1, 1)))) === whole, 'in pieces, too');
    }
  }

  #count(outcome: string): void {
    // outcomes with numbers in them are gathered under one name
    const name = outcome.replaceAll(/\d+/g, 'N').slice(0, 30);
    this.#outcomes[name] = (this.#outcomes[name] ?? 0) + 1;
  }

  #fail(thrown: unknown, index: number, input: Buffer): void {
    const error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
    this.failures.push({
      target: this.#target.name,
      index,
      error,
      input: input.toString('base64'),
    });
  }
}

/** Buffers and heap, after the garbage is gone. */
async function heldBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // the memory of buffers is given back some time after the buffers are gone
  for (let count = 0; count < COLLECTIONS; count += 1) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
