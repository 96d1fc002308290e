/** What a read must give, by the history of its key. */

import type { Found, KeyHistory } from '../torture/key-history.ts';

/**
 * Compares what a read found, in a key that nobody was changing, and takes it as the new beginning.
 * @returns what is wrong with it
 */
export function problemOfRead(
  history: KeyHistory,
  found: Found | undefined,
  sentAtMs: number,
  answeredAtMs: number,
): string | undefined {
  const problem = history.problemOf(found, 0, found === undefined ? answeredAtMs : sentAtMs);
  if (problem === undefined) history.settle(found, 0, 'read');
  return problem;
}

/** The same where only presence and revision were read. */
export function problemOfPresence(
  history: KeyHistory,
  revision: number | undefined,
  answeredAtMs: number,
): string | undefined {
  if (revision === undefined) return history.problemOf(undefined, 0, answeredAtMs);
  const { certain } = history;
  if (certain === undefined) return undefined;
  if (certain.kind !== 'put') return `it is there, at revision ${revision}, and was deleted`;
  if (certain.revision === revision) return undefined;
  return `it has revision ${revision}; it was acknowledged with ${certain.revision}`;
}

/** Whether a key is there, where nothing that expires soon makes it a question of time. */
export function isPresent({ certain }: KeyHistory, ttlMsLong: number): boolean | undefined {
  if (certain === undefined) return undefined;
  if (certain.kind !== 'put') return false;
  return certain.ttlMs === 0 || certain.ttlMs >= ttlMsLong ? true : undefined;
}
