/**
 * A range as lines of JSON (NDJSON), page by page as the reader takes them: nothing is held but the
 * page at hand and the piece that waits.
 */

import { toCaskError } from '../../errors/cask-error.ts';
import type { RangePage } from '../../storage/entry.ts';
import type { RangeOptions } from '../../vocabulary/entry.ts';
import { type AnyEntry, anyEntryJson, encodedPieces } from './entry-json.ts';

const PAGE_ITEMS = 500;
const PIECE_BYTES = 64 * 1024;

export type ReadPage = (options: RangeOptions) => Promise<RangePage<AnyEntry>>;

/**
 * Pieces of whole lines. Should a page fail once lines have left, the last line says why, and the
 * stream breaks off: who reads to the end of it knows that there was no more.
 *
 * @param limit of the whole; undefined: all
 */
export async function* rangeLines(
  read: ReadPage,
  options: RangeOptions,
  limit: number | undefined,
  pageItemsMax: number,
): AsyncGenerator<string, void, undefined> {
  let left = limit ?? Number.POSITIVE_INFINITY;
  let { after } = options;
  let isFirst = true;
  while (left > 0) {
    const pageLimit = Math.min(left, PAGE_ITEMS, pageItemsMax);
    let page: RangePage<AnyEntry>;
    try {
      page = await read({ ...options, after, limit: pageLimit });
    } catch (thrown) {
      if (!isFirst) yield problemLine(thrown);
      throw thrown;
    }
    for await (const piece of encodedPieces(page.entries, anyEntryJson, PIECE_BYTES)) {
      yield `${piece.join('\n')}\n`;
      isFirst = false;
    }
    left -= page.entries.length;
    after = page.entries.at(-1)?.key;
    if (!page.more) return;
  }
}

function problemLine(thrown: unknown): string {
  const { code, message, retryable } = toCaskError(thrown);
  return `${JSON.stringify({ problem: { code, detail: message, retryable } })}\n`;
}
