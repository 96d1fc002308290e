/**
 * A well-behaved client in a process of its own: a put and a get of one of its keys every few
 * milliseconds, each answer checked. Asked for its figures, it ends the round that it is in, tells,
 * and begins anew: however short the time was, there is an answer to judge by.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { CaskError, connect } from '../../src/client/index.ts';
import { DurationHistogram } from '../../src/vocabulary/duration-histogram.ts';

/** What it answers to each message. */
export interface ProbeFigures {
  readonly requests: number;
  readonly wrong: number;
  /** Refused for the moment, by a code that says so. */
  readonly refused: number;
  /** Other errors, by code. */
  readonly failures: readonly string[];
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

const PAUSE_MS = 4;
const KEYS = 500;
const VALUE_BYTES = 100;

async function probe(url: string): Promise<void> {
  const client = await connect({ url, requestTimeoutMs: 60_000, encoding: 'utf8' });
  let durations = new DurationHistogram();
  let wrong = 0;
  let refused = 0;
  let failures: string[] = [];
  let isAsked = false;
  const tell = (): void => {
    const { count, p50Ms, p99Ms, maxMs } = durations.summary();
    const figures: ProbeFigures = {
      requests: count,
      wrong,
      refused,
      failures,
      p50Ms,
      p99Ms,
      maxMs,
    };
    process.send?.(figures);
    isAsked = false;
    durations = new DurationHistogram();
    wrong = 0;
    refused = 0;
    failures = [];
  };
  process.on('message', () => {
    isAsked = true;
  });
  process.once('disconnect', () => process.exit(0));
  process.send?.('begun');
  for (let round = 0; ; round += 1) {
    const key = `probe/${round % KEYS}`;
    const value = `${round}`.padEnd(VALUE_BYTES, '.');
    try {
      const beforePut = performance.now();
      await client.put(key, value);
      const beforeGet = performance.now();
      const found = await client.get(key);
      durations.record(beforeGet - beforePut);
      durations.record(performance.now() - beforeGet);
      if (found !== value) wrong += 1;
    } catch (thrown) {
      if (thrown instanceof CaskError && thrown.retryable) refused += 1;
      else failures.push(thrown instanceof CaskError ? thrown.code : String(thrown));
    }
    if (isAsked) tell();
    await delay(PAUSE_MS);
  }
}

await probe(process.argv[2] ?? '');
