/**
 * While history is kept, a put whose key is gone must stay although it has expired, if a touch
 * gave it more time: until the key was deleted later on, that was its value. Such a touch may be
 * in a segment that is not merged. Two things tell where it can be:
 *
 *  - Segments up to the horizon. A hint names each touch of its segment, but for those that a
 *    later record in it supersedes, and they matter no more: that one is below the horizon, too.
 *  - Segments beyond. Their touches came after all that older segments hold, so they are of no
 *    put that had expired by then.
 */

import type { Segment } from '../log/segment.ts';
import type { SegmentCatalog } from '../log/segment-catalog.ts';
import { NO_HISTORY } from './history-horizon.ts';

/** Those up to the horizon that are not merged, and may have touches. */
export function touchedBeside(
  catalog: SegmentCatalog,
  inputs: readonly Segment[],
  horizon: number,
): Segment[] {
  if (horizon === NO_HISTORY) return [];
  return catalog
    .sealed()
    .filter((one) => one.touches === 'some' && one.last <= horizon && !inputs.includes(one));
}

/** No touch beyond the horizon is of a put that had expired by this time. */
export function touchesKnownTo(catalog: SegmentCatalog, horizon: number, now: number): number {
  let firstBeyond = Number.MAX_SAFE_INTEGER;
  for (const { state, records, touches, min, last } of catalog.all()) {
    if (state === 'obsolete' || records === 0 || touches === 'none' || last <= horizon) continue;
    firstBeyond = Math.min(firstBeyond, min);
  }
  if (firstBeyond === Number.MAX_SAFE_INTEGER) return now;
  let knownTo = 0;
  for (const { last, latestUpdatedAt } of catalog.sealed()) {
    const isKnown = latestUpdatedAt < Number.MAX_SAFE_INTEGER;
    if (last < firstBeyond && isKnown) knownTo = Math.max(knownTo, latestUpdatedAt);
  }
  return Math.min(knownTo, now);
}
