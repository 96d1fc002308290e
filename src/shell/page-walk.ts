/** Walks a range page by page: nothing is held between pages but the last key. */

import type { RangeOptions } from '../vocabulary/entry.ts';
import { formatBytes } from './escapes.ts';
import { complain } from './failure.ts';
import type { Shell } from './shell.ts';
import { throwIfCancelled } from './shell.ts';
import type { ShellEntry, ShellPage } from './shell-client.ts';

const PAGE_ITEMS = 1000;

/** The pages of a range, together at most `limit` entries; the last one's `more` is the server's. */
export async function* walkPages(
  shell: Shell,
  range: Omit<RangeOptions, 'limit'>,
  limit: number,
): AsyncGenerator<ShellPage> {
  const client = await shell.client();
  const pageItems = Math.min(PAGE_ITEMS, client.serverInfo?.limits.maxRangeItems ?? PAGE_ITEMS);
  let after = range.after;
  let left = limit;
  for (;;) {
    throwIfCancelled(shell.signal);
    const request = { ...range, limit: Math.min(left, pageItems) };
    const page = await client.rangePage(after === undefined ? request : { ...request, after });
    yield page;
    left -= page.entries.length;
    after = page.entries.at(-1)?.key;
    if (!page.more || left <= 0 || after === undefined) return;
  }
}

/** The readable entries of a page; the others are named on stderr. */
export function readableEntries(shell: Shell, page: ShellPage): ShellEntry[] {
  return page.entries.filter((entry) => {
    if (entry.error === undefined) return true;
    complain(shell.io, entry.error.code, `key ${formatBytes(entry.key)}: ${entry.error.message}`);
    return false;
  });
}
