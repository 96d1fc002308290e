/** Which records of a page are read in one go: neighbours in the log. */

import type { PageCapture } from './page-capture.ts';

/** Records this close together are read in one go. */
const GAP_BYTES_MAX = 1024;
const RUN_BYTES_MAX = 64 * 1024;
/** What a page may keep of the gaps between its records, as a share of them. */
const GAP_SHARE_MAX = 0.25;

/** Rows whose records are read in one go: `[from, to)` of the page. */
export interface Run {
  readonly from: number;
  readonly to: number;
  readonly offset: number;
  readonly bytes: number;
  /** Records and the gaps between them are read; with many gaps the values are copied out. */
  readonly isLoose: boolean;
}

/** The longest run of rows from `row` on that lie close together in one segment. */
export function runFrom(page: PageCapture, row: number, isCached: (row: number) => boolean): Run {
  const offset = page.offset(row);
  let end = offset + page.recordBytes(row);
  let gaps = 0;
  let to = row + 1;
  while (to < page.count && page.isInSegmentOf(to, row)) {
    const next = page.offset(to);
    const nextEnd = next + page.recordBytes(to);
    const isClose = next >= end && next - end <= GAP_BYTES_MAX;
    if (!isClose || nextEnd - offset > RUN_BYTES_MAX || isCached(to)) break;
    gaps += next - end;
    end = nextEnd;
    to += 1;
  }
  const bytes = end - offset;
  return { from: row, to, offset, bytes, isLoose: gaps > (bytes - gaps) * GAP_SHARE_MAX };
}
