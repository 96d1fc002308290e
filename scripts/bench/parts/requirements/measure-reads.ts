/** Reads from the value cache, and reads of what is not in memory. */

import { keyOf, randomBelow } from '../../load/keys.ts';
import { timed } from '../../load/timed.ts';
import type { BenchContext } from '../../part.ts';
import type { Front } from './front.ts';

const CONNECTIONS = 32;
const UNCACHED_READS = 300;

export async function measureCachedReads(
  { results, seconds }: BenchContext,
  front: Front,
): Promise<void> {
  const key = keyOf(0);
  const ms = seconds * 1000;
  const one = await front.readRate(key, 1, ms);
  results.figure(`${front.name}: cached read, one by one`, 'ms', 1000 / one, { atMost: 0.1 });
  const many = await front.readRate(key, CONNECTIONS, ms);
  const asked = { atLeast: 10 };
  results.figure(
    `${front.name}: cached reads, ${CONNECTIONS} connections`,
    'k/s',
    many / 1000,
    asked,
  );
}

export async function measureUncachedReads(
  { results, keys }: BenchContext,
  front: Front,
): Promise<void> {
  const reads = await timed(UNCACHED_READS, 0, () => front.get(keyOf(randomBelow(keys))));
  const { p50Ms, p95Ms } = reads.summary();
  results.figure(`${front.name}: uncached read, median`, 'ms', p50Ms, { atMost: 1 });
  results.figure(`${front.name}: uncached read, p95`, 'ms', p95Ms, { atMost: 5 });
}
