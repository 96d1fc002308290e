/** What may be asked of a range, where a slip of the pen would cost everything. */

import { CaskError } from '../errors/cask-error.ts';
import type { DeleteRangeOptions, KeyRange } from './entry.ts';

/**
 * Everything is deleted only where that was said, and not by bounds that turned out empty.
 * @throws CaskError INVALID_OPTION
 */
export function checkDeleteRange(range: DeleteRangeOptions): void {
  const { all = false } = range;
  if (all === !hasBound(range)) return;
  const message = all
    ? 'all excludes start, end and prefix'
    : 'no bound is given, or an empty one: to delete every key there is, say so with all';
  throw new CaskError('INVALID_OPTION', message);
}

/** An empty bound is none. */
function hasBound({ start, end, prefix }: KeyRange): boolean {
  return [start, end, prefix].some((bound) => bound !== undefined && bound.length > 0);
}
