/**
 * Renames and removals of whole directories, which are pending until the directory above is
 * synced. What a crash takes back is undone here, the newest first.
 */

import { dirname } from 'node:path';

export interface DirectoryMove<D> {
  readonly number: number;
  readonly from: string;
  /** Undefined: it was removed. */
  readonly to: string | undefined;
  /** What was removed. */
  readonly removed: D | undefined;
}

/** The directories under their new paths: that one and all below it. */
export function moveDirectory<D>(directories: Map<string, D>, from: string, to: string): void {
  for (const [path, directory] of [...directories]) {
    if (path !== from && !path.startsWith(`${from}/`)) continue;
    directories.delete(path);
    directories.set(to + path.slice(from.length), directory);
  }
}

/** The directories as they are when only the moves that `survives` says are made. */
export function withMoves<D>(
  directories: ReadonlyMap<string, D>,
  moves: readonly DirectoryMove<D>[],
  survives: (number: number) => boolean,
): Map<string, D> {
  const result = new Map(directories);
  for (const { number, from, to, removed } of moves.toReversed()) {
    if (survives(number)) continue;
    if (to !== undefined) moveDirectory(result, to, from);
    else if (removed !== undefined) result.set(from, removed);
  }
  return result;
}

/** Those that a sync of a directory, issued after so many operations, does not make durable. */
export function movesAfterSync<D>(
  moves: readonly DirectoryMove<D>[],
  path: string,
  upTo: number,
): DirectoryMove<D>[] {
  return moves.filter(({ from, number }) => dirname(from) !== path || number > upTo);
}
