/** Where a range begins and ends, and where its walk starts: bounds, prefix and cursor in one. */

import { CaskError } from '../../errors/cask-error.ts';
import { limitError } from '../../errors/limit-error.ts';
import type { RangeOptions } from '../../vocabulary/entry.ts';
import type { IndexCursor } from '../keydir/index-cursor.ts';
import { boundOf, earlier, keyBounds } from '../keydir/key-bounds.ts';

/** Items of a page when no limit is given. */
const LIMIT_DEFAULT = 1000;

export interface RangeBounds {
  /** Inclusive; undefined: from the first key. */
  readonly low: Uint8Array | undefined;
  /** `low` itself does not belong: it is the cursor of a forward walk. */
  readonly isLowExclusive: boolean;
  /** Exclusive; undefined: to the last key. */
  readonly high: Uint8Array | undefined;
  readonly limit: number;
  readonly isReverse: boolean;
  readonly isKeysOnly: boolean;
  /** It goes on behind another page. */
  readonly isContinued: boolean;
}

/** @throws CaskError LIMIT_EXCEEDED, BAD_REQUEST */
export function rangeBounds(options: RangeOptions, maxRangeItems: number): RangeBounds {
  const limit = options.limit ?? Math.min(LIMIT_DEFAULT, maxRangeItems);
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new CaskError(
      'BAD_REQUEST',
      `the limit of a page is a whole number from 1, not ${limit}`,
    );
  }
  if (limit > maxRangeItems) {
    const message = `a page has at most ${maxRangeItems} items (maxRangeItems), not ${limit}`;
    const advice = 'follow pages with the cursor';
    throw limitError('LIMIT_EXCEEDED', `${message}; ${advice}`, 'maxRangeItems', maxRangeItems);
  }
  const isReverse = options.reverse ?? false;
  let { low, high } = keyBounds(options);
  let isLowExclusive = false;
  const after = boundOf(options.after);
  if (after !== undefined && isReverse) {
    high = earlier(high, after);
  } else if (after !== undefined && (low === undefined || Buffer.compare(after, low) >= 0)) {
    low = after;
    isLowExclusive = true;
  }
  const isKeysOnly = options.keysOnly ?? false;
  const isContinued = after !== undefined;
  return { low, isLowExclusive, high, limit, isReverse, isKeysOnly, isContinued };
}

/** Goes to the first entry of the walk; 0 when there is none. The far end is not checked. */
export function seekStart(cursor: IndexCursor, bounds: RangeBounds): number {
  const { low, high, isReverse, isLowExclusive } = bounds;
  if (isReverse) {
    return high === undefined ? cursor.last() : cursor.seek(high, 0, high.length, 'before');
  }
  if (low === undefined) return cursor.first();
  return cursor.seek(low, 0, low.length, isLowExclusive ? 'after' : 'atOrAfter');
}
