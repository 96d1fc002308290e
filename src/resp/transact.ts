/**
 * Commands on several keys as one: their keys are read, the commands run on what was read, and
 * what they wrote goes into one atomic batch, on condition that nothing of what was read has
 * changed. If it has, all that is done anew: after the first time in turn with the others that
 * had the same trouble, so that each comes through.
 */

import { CaskError, toCaskError } from '../errors/cask-error.ts';
import type { Entry } from '../storage/entry.ts';
import type { Patience } from '../storage/patience.ts';
import type { EntryView } from '../storage/reply-sink.ts';
import type { Session } from '../storage/session.ts';
import { KeyView } from './key-view.ts';

const ATTEMPTS_MAX = 100;

/** Where those wait whose keys others changed. */
export class ContendedTurn {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs the work after all that was given before. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }
}

export interface Transact {
  readonly session: Session;
  readonly keys: readonly Buffer[];
  /** Revisions of keys that must be as they were; 0: absent. */
  readonly watched?: ReadonlyMap<string, number>;
  readonly turn: ContendedTurn;
  readonly patience: Patience;
  /** Runs once per attempt, and must leave nothing behind but what the last one does. */
  readonly run: (view: KeyView) => void;
}

/** @returns false: a watched key has changed, and nothing was done */
export async function transact(work: Transact): Promise<boolean> {
  const first = await attempt(work);
  if (first !== undefined) return first;
  return work.turn.run(async () => {
    for (let count = 1; count < ATTEMPTS_MAX; count++) {
      const result = await attempt(work);
      if (result !== undefined) return result;
    }
    throw new CaskError('BUSY', 'others change these keys all the time; try again');
  });
}

/** @returns undefined: something was changed meanwhile */
async function attempt(work: Transact): Promise<boolean | undefined> {
  const { session, watched, patience, run } = work;
  const view = new KeyView(Date.now());
  const keys = distinct(work.keys);
  let isAsWatched = true;
  await readEntries(session, keys, patience, (key, entry) => {
    view.add(key, entry === undefined ? undefined : viewOf(entry));
    const revision = watched?.get(key.toString('latin1'));
    if (revision !== undefined && revision !== (entry?.revision ?? 0)) isAsWatched = false;
  });
  if (!isAsWatched) return false;
  run(view);
  const items = view.items();
  if (items.length === 0) return true;
  try {
    await session.batch(items, patience);
    return true;
  } catch (thrown) {
    const error = toCaskError(thrown);
    if (error.code === 'CONFLICT') return undefined;
    throw error;
  }
}

/** Hands over what is known of each key, in their order. @throws CaskError one is damaged */
export async function readEntries(
  session: Session,
  keys: readonly Buffer[],
  patience: Patience | undefined,
  take: (key: Buffer, entry: Entry | undefined) => void,
): Promise<void> {
  for (let at = 0; at < keys.length; ) {
    const rest = at === 0 ? keys : keys.slice(at);
    for (const entry of await session.getMany(rest, patience)) {
      if (entry !== undefined && 'error' in entry) throw entry.error;
      take(keys[at] as Buffer, entry);
      at += 1;
    }
  }
}

interface ReadEntry {
  readonly value: Buffer;
  readonly revision: number;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly expiresAt: number | undefined;
}

function viewOf({ value, expiresAt, ...meta }: ReadEntry): EntryView {
  const { revision, version, createdAt, updatedAt } = meta;
  return {
    buffer: value,
    valueStart: 0,
    valueBytes: value.length,
    revision,
    version,
    createdAt,
    updatedAt,
    expiresAt: expiresAt ?? 0,
  };
}

function distinct(keys: readonly Buffer[]): Buffer[] {
  const byName = new Map(keys.map((key) => [key.toString('latin1'), key]));
  return [...byName.values()];
}
