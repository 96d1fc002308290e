/**
 * What was asked of a store, in order, and how much of it was acknowledged. The log is one
 * sequence, so whatever a crash leaves is the state after some prefix of what was asked, and that
 * prefix holds at least all that was acknowledged.
 */

import { expect } from 'vitest';

export interface ModelEntry {
  readonly value: string;
  readonly version: number;
}

export type State = ReadonlyMap<string, ModelEntry>;

export type ModelItem =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'delete'; readonly key: string };

export function apply(state: State, items: readonly ModelItem[]): State {
  const next = new Map(state);
  for (const item of items) {
    if (item.type === 'delete') next.delete(item.key);
    else next.set(item.key, { value: item.value, version: (next.get(item.key)?.version ?? 0) + 1 });
  }
  return next;
}

export class Journal {
  #states: State[] = [new Map()];
  #acknowledged = 0;
  /** The highest revision that anyone was told of. */
  revisionSeen = 0;

  get latest(): State {
    return this.#states.at(-1) as State;
  }

  get issued(): number {
    return this.#states.length - 1;
  }

  /** Notes that these items are asked for, as one; returns how to note the answer. */
  issue(items: readonly ModelItem[]): () => void {
    this.#states.push(apply(this.latest, items));
    const index = this.issued;
    return () => {
      this.#acknowledged = Math.max(this.#acknowledged, index);
    };
  }

  /** Checks what a crash left, and goes on from there. */
  settleOn(found: State): void {
    const from = this.#states.slice(this.#acknowledged);
    const index = from.findIndex((state) => isSame(state, found));
    // The message shows the nearest candidate: what was acknowledged.
    if (index < 0) expect(plain(found)).toEqual(plain(from[0] as State));
    this.#states = [from[index] as State];
    this.#acknowledged = 0;
  }
}

function plain(state: State): Record<string, string> {
  const entries = [...state].map(([key, { value, version }]) => [
    key,
    `${value.slice(0, 24)} (${value.length} bytes) v${version}`,
  ]);
  return Object.fromEntries(entries.sort());
}

function isSame(a: State, b: State): boolean {
  if (a.size !== b.size) return false;
  for (const [key, { value, version }] of a) {
    const other = b.get(key);
    if (other === undefined || other.value !== value || other.version !== version) return false;
  }
  return true;
}
