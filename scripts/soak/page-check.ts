/** Whether a page of a range is right: its order, its bounds, and every key that was left alone. */

import type { DamagedEntry, Entry, KeyEntry, Page } from '../../src/client/index.ts';
import { foundOf, story } from '../torture/check.ts';
import type { KeyHistory } from '../torture/key-history.ts';
import type { KeyOwner } from '../torture/key-owner.ts';
import { problemOfPresence } from './seen.ts';

/** What was asked for: from a key upwards, it included, or down from it, it excluded. */
export interface Question {
  readonly prefix: string;
  readonly from: string;
  readonly reverse: boolean;
  readonly keysOnly: boolean;
  readonly limit: number;
}

export type AnyEntry = Entry | KeyEntry | DamagedEntry;

interface PageToCheck {
  readonly question: Question;
  readonly page: Page<AnyEntry>;
  readonly owner: KeyOwner;
  readonly sentAtMs: number;
  /** Those that nobody used meanwhile, ascending. */
  readonly keys: readonly string[];
}

export interface PageVerdict {
  /** Keys compared. */
  readonly verified: number;
  readonly problem: string | undefined;
}

/** @throws TortureError when a value is damaged or another key's */
export function checkPage({ question, page, owner, sentAtMs, keys }: PageToCheck): PageVerdict {
  const answeredAtMs = Date.now();
  const entries = new Map(page.entries.map((entry) => [entry.key.toString(), entry]));
  const problem = problemOfOrder(question, [...entries.keys()], page);
  if (problem !== undefined) return { verified: 0, problem };
  const covered = keys.filter((key) => isCovered(key, question, page));
  for (const key of covered) {
    const history = owner.histories.get(key) as KeyHistory;
    const entry = entries.get(key);
    const wrong = problemOfEntry(history, entry, owner, sentAtMs, answeredAtMs);
    if (wrong !== undefined) {
      const when = `asked at ${sentAtMs}, answered at ${answeredAtMs}`;
      return { verified: 0, problem: `${key}, in a range, ${when}: ${wrong}${story(history)}` };
    }
  }
  return { verified: covered.length, problem: undefined };
}

function problemOfOrder(
  { prefix, from, reverse, limit }: Question,
  keys: readonly string[],
  page: Page<AnyEntry>,
): string | undefined {
  if (page.entries.length > limit) return `a page of ${limit} has ${page.entries.length} entries`;
  if (keys.length !== page.entries.length) return 'a page has a key twice';
  const sorted = reverse ? keys.toSorted().reverse() : keys.toSorted();
  const misplaced = keys.find((key, index) => key !== sorted[index]);
  if (misplaced !== undefined) return `a page has ${misplaced} out of order: ${keys.join(' ')}`;
  const way = reverse ? 'down' : 'up';
  const outside = keys.find((key) => !key.startsWith(prefix) || key < from !== reverse);
  return outside === undefined ? undefined : `a page from ${from} ${way} has ${outside}`;
}

/** The page says of this key that it is there or is not. */
function isCovered(key: string, { from, reverse }: Question, page: Page<AnyEntry>): boolean {
  if (reverse ? key >= from : key < from) return false;
  const last = page.entries.at(-1)?.key.toString();
  if (!page.more) return true;
  return last !== undefined && (reverse ? key >= last : key <= last);
}

function problemOfEntry(
  history: KeyHistory,
  entry: AnyEntry | undefined,
  owner: KeyOwner,
  sentAtMs: number,
  answeredAtMs: number,
): string | undefined {
  if (entry === undefined) return history.problemOf(undefined, 0, answeredAtMs);
  if (entry.error !== undefined) return entry.error.message;
  if (entry.value === undefined) return problemOfPresence(history, entry.revision, answeredAtMs);
  const found = foundOf(history.key, entry.value, entry.revision, [owner]);
  // Not taken as the new beginning: a page that was made earlier may be answered later, and rightly
  // have what has expired since.
  return history.problemOf(found, 0, sentAtMs);
}
