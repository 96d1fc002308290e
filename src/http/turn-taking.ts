/** For work that goes on for long: others have a turn now and then. */

import { setImmediate as nextTurn } from 'node:timers/promises';

/** It goes on for so long before others have a turn. */
const SLICE_MS = 2;

export class TurnTaking {
  #sinceMs = performance.now();

  get isDue(): boolean {
    return performance.now() - this.#sinceMs > SLICE_MS;
  }

  /** Resolves when it is this one's turn again. */
  async pass(): Promise<void> {
    await nextTurn();
    this.#sinceMs = performance.now();
  }
}

/** As `map`, in turns. */
export async function mapInTurns<T, R>(items: readonly T[], map: (item: T) => R): Promise<R[]> {
  const turns = new TurnTaking();
  const results: R[] = [];
  for (const item of items) {
    results.push(map(item));
    if (turns.isDue) await turns.pass();
  }
  return results;
}
