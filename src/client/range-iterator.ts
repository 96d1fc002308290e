/** Walks a range page by page; nothing is held on the server between pages. */

import type { Page } from './entry.ts';

/** A page with its cursor: the last key as the server knows it, which no encoding has touched. */
export interface FetchedPage<T> extends Page<T> {
  readonly cursor: Uint8Array | undefined;
}

/** Fetches one page of at most `limit` items after a cursor; undefined: from the start. */
export type FetchPage<T> = (
  cursor: Uint8Array | undefined,
  limit: number,
) => Promise<FetchedPage<T>>;

/**
 * What `range()` returns: `for await` over it gives entries, over `pages()` arrays of them. Each
 * page is one moment of the store. A damaged record comes as an entry with `error` set.
 */
export class RangeIterable<T> {
  readonly #fetch: FetchPage<T>;
  readonly #limit: number;
  readonly #pageSize: number;

  /** @param limit items in all, or Infinity */
  constructor(fetch: FetchPage<T>, limit: number, pageSize: number) {
    this.#fetch = fetch;
    this.#limit = limit;
    this.#pageSize = pageSize;
  }

  async *pages(): AsyncGenerator<T[], void, void> {
    let cursor: Uint8Array | undefined;
    let left = this.#limit;
    while (left > 0) {
      const page = await this.#fetch(cursor, Math.min(this.#pageSize, left));
      if (page.entries.length === 0) return;
      yield page.entries;
      if (!page.more) return;
      left -= page.entries.length;
      cursor = page.cursor;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, void> {
    for await (const page of this.pages()) yield* page;
  }
}
