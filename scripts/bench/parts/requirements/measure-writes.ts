/** Writes at a pace, each on disk before it is answered. */

import { keyOf, randomBelow, VALUE_BYTES } from '../../load/keys.ts';
import { timed } from '../../load/timed.ts';
import type { BenchContext } from '../../part.ts';
import type { Front } from './front.ts';

const PER_SECOND = 500;
const VALUE = 'w'.repeat(VALUE_BYTES);

export async function measureWrites(
  { results, seconds, keys }: BenchContext,
  front: Front,
): Promise<void> {
  const writes = await timed(Math.ceil(PER_SECOND * seconds), PER_SECOND, () =>
    front.put(keyOf(randomBelow(keys)), VALUE),
  );
  const name = `${front.name}: ${PER_SECOND} writes a second, p95`;
  results.figure(name, 'ms', writes.quantileMs(0.95), { atMost: 50 });
}
