/** Queries of a hundred entries at a pace, and ten megabytes in pages. */

import { keyOf, randomBelow } from '../../load/keys.ts';
import { secondsOf, timed } from '../../load/timed.ts';
import type { BenchContext } from '../../part.ts';
import { median } from '../../report/statistics.ts';
import type { Front } from './front.ts';

const QUERIES_PER_SECOND = 100;
const QUERY_ITEMS = 100;
/** Many keys begin so. */
const QUERY_PREFIX_CHARS = 'key:0001'.length;
const LARGE_PREFIX = 'large:';
const LARGE_ITEMS = 1000;
const LARGE_VALUE = 'x'.repeat(10_000);
const LARGE_BATCH = 100;
/** The first ones are for the JIT on both sides. */
const LARGE_WARM_UPS = 5;
const LARGE_READS = 11;

export async function measurePages(
  { results, seconds, keys }: BenchContext,
  front: Front,
): Promise<void> {
  const { name } = front;
  const queries = await timed(Math.ceil(QUERIES_PER_SECOND * seconds), QUERIES_PER_SECOND, () => {
    const prefix = keyOf(randomBelow(keys)).slice(0, QUERY_PREFIX_CHARS);
    return front.page(prefix, QUERY_ITEMS);
  });
  const p95Ms = queries.quantileMs(0.95);
  results.figure(`${name}: query of ${QUERY_ITEMS}, p95`, 'ms', p95Ms, { atMost: 100 });

  for (let start = 0; start < LARGE_ITEMS; start += LARGE_BATCH) {
    const items = Array.from({ length: LARGE_BATCH }, (_, index) => ({
      key: `${LARGE_PREFIX}${start + index}`,
      value: LARGE_VALUE,
    }));
    await front.batch(items);
  }
  for (let read = 0; read < LARGE_WARM_UPS; read += 1) await readLarge(front);
  const reads: number[] = [];
  for (let read = 0; read < LARGE_READS; read += 1) {
    reads.push((await secondsOf(() => readLarge(front))) * 1000);
  }
  const ms = median(reads);
  results.figure(`${name}: pages with 10 MB, median`, 'ms', ms, { atMost: 50 });
}

async function readLarge(front: Front): Promise<void> {
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = await front.page(LARGE_PREFIX, LARGE_ITEMS, cursor);
    count += page.count;
    cursor = page.cursor;
  } while (cursor !== undefined);
  if (count !== LARGE_ITEMS) throw new Error(`${count} of ${LARGE_ITEMS} entries came back`);
}
