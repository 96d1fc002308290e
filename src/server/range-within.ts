/** Does a range stay within the keys that begin with a prefix? */

import { keyBounds } from '../storage/keydir/key-bounds.ts';
import type { KeyRange } from '../vocabulary/entry.ts';

/** By the bounds that the engine itself makes of a range: whatever it can hold has the prefix. */
export function isRangeWithin(range: KeyRange, prefix: Buffer): boolean {
  const asked = keyBounds(range);
  const allowed = keyBounds({ prefix });
  const beginsWithin =
    asked.low !== undefined &&
    allowed.low !== undefined &&
    Buffer.compare(asked.low, allowed.low) >= 0;
  if (!beginsWithin || allowed.high === undefined) return beginsWithin;
  return asked.high !== undefined && Buffer.compare(asked.high, allowed.high) <= 0;
}
