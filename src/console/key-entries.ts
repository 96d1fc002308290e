/** Keys as a browser of prefixes shows them: those of a level, and what lies deeper as one entry. */

import { hexOf, textOf } from './byte-text.ts';

/** What a list tells of a key. */
export interface KeyRow {
  readonly key: Uint8Array<ArrayBuffer>;
  /** Of the value. */
  readonly bytes: number | undefined;
}

export interface KeyPage {
  readonly rows: readonly KeyRow[];
  /** There are more keys behind the last one. */
  readonly hasMore: boolean;
}

export type Entry =
  | { readonly kind: 'key'; readonly row: KeyRow }
  | {
      readonly kind: 'group';
      readonly prefix: Uint8Array<ArrayBuffer>;
      /** How many were seen; `isAll` false: and there are more. */
      readonly keys: number;
      readonly isAll: boolean;
    };

/** Where the next page starts: at this key, if there is one, or behind it. */
export interface Position {
  readonly from: Uint8Array<ArrayBuffer>;
  readonly inclusive: boolean;
}

export interface Level {
  readonly entries: readonly Entry[];
  /** Undefined: that is all. */
  readonly next: Position | undefined;
}

export interface Listing {
  readonly prefix: Uint8Array<ArrayBuffer>;
  /** The byte that ends a group; undefined: no groups. */
  readonly separator: number | undefined;
  readonly start: Position | undefined;
}

export type ListPage = (start: Position | undefined) => Promise<KeyPage>;

/** Pages asked for at most, for one level: a group larger than a page costs one. */
const PAGES_MAX = 12;
const ENTRIES_ENOUGH = 100;

/** Reads a level from a place on. A group that goes beyond a page is not read to its end. */
export async function readLevel(listing: Listing, list: ListPage): Promise<Level> {
  const entries: Entry[] = [];
  let { start } = listing;
  for (let page = 0; page < PAGES_MAX && entries.length < ENTRIES_ENOUGH; page++) {
    const { rows, hasMore } = await list(start);
    const last = rows.at(-1);
    addEntries(entries, rows, listing);
    if (!hasMore || last === undefined) return { entries, next: undefined };
    start = { from: last.key, inclusive: false };
    const group = groupOf(last.key, listing);
    const after = group === undefined ? undefined : behind(group);
    if (after !== undefined) {
      start = { from: after, inclusive: true };
      const open = entries.pop();
      if (open?.kind === 'group') entries.push({ ...open, isAll: false });
    }
  }
  return { entries, next: start };
}

function addEntries(entries: Entry[], rows: readonly KeyRow[], listing: Listing): void {
  for (const row of rows) {
    const prefix = groupOf(row.key, listing);
    const last = entries.at(-1);
    if (prefix === undefined) entries.push({ kind: 'key', row });
    else if (last?.kind === 'group' && isSame(last.prefix, prefix)) {
      entries[entries.length - 1] = { ...last, keys: last.keys + 1 };
    } else entries.push({ kind: 'group', prefix, keys: 1, isAll: true });
  }
}

function groupOf(
  key: Uint8Array<ArrayBuffer>,
  { prefix, separator }: Listing,
): Uint8Array<ArrayBuffer> | undefined {
  if (separator === undefined) return undefined;
  const end = key.indexOf(separator, prefix.length);
  return end < 0 || end === key.length - 1 ? undefined : key.slice(0, end + 1);
}

/** The first key that does not begin so: the last byte is a separator, never 255. */
function behind(group: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const after = group.slice();
  const last = after.length - 1;
  after[last] = (after[last] ?? 0) + 1;
  return after;
}

export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}

/** A key for people: its text, or `0x` and its bytes. */
export function keyText(key: Uint8Array): string {
  return textOf(key) ?? `0x${hexOf(key)}`;
}
