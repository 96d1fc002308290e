/** A batch of ten thousand items, beside writing one by one. */

import { VALUE_BYTES } from '../../load/keys.ts';
import { secondsOf } from '../../load/timed.ts';
import type { BenchContext } from '../../part.ts';
import type { Front } from './front.ts';

const ITEMS = 10_000;
const ONE_BY_ONE = 500;
const VALUE = 'b'.repeat(VALUE_BYTES);

export async function measureBatches({ results }: BenchContext, front: Front): Promise<void> {
  const items = Array.from({ length: ITEMS }, (_, index) => ({
    key: `batch:${index}`,
    value: VALUE,
  }));
  const batchSeconds = await secondsOf(() => front.batch(items));
  const singleSeconds = await secondsOf(async () => {
    for (const { key } of items.slice(0, ONE_BY_ONE)) await front.put(key, VALUE);
  });
  const { name } = front;
  results.figure(`${name}: batch of 10,000 items`, 's', batchSeconds, { atMost: 0.5 });
  const rate = ITEMS / batchSeconds / 1000;
  results.figure(`${name}: items in batches`, 'k/s', rate, { atLeast: 20 });
  const ratio = singleSeconds / ONE_BY_ONE / (batchSeconds / ITEMS);
  results.figure(`${name}: batch vs one by one, each item`, 'x', ratio, { atLeast: 10 });
}
