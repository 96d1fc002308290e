/**
 * What the daemon has acknowledged: for every key the revision of the last acknowledged put, and
 * whether a later put was sent and never answered.
 */

import type { Entry } from '../../src/client/index.ts';

interface Account {
  readonly revision: number;
  /** A later put was sent, and nobody knows what became of it. */
  readonly isOpen: boolean;
}

export class Ledger {
  readonly #accounts = new Map<string, Account>();

  get keys(): number {
    return this.#accounts.size;
  }

  acknowledged(key: string, revision: number): void {
    this.#accounts.set(key, { revision, isOpen: false });
  }

  unanswered(key: string): void {
    const revision = this.#accounts.get(key)?.revision ?? 0;
    this.#accounts.set(key, { revision, isOpen: true });
  }

  /** What is wrong with the entry found under a key; undefined: nothing. */
  problem(key: string, found: Entry | undefined, expected: Buffer): string | undefined {
    const { revision, isOpen } = this.#accounts.get(key) ?? { revision: 0, isOpen: false };
    if (found === undefined) return revision === 0 ? undefined : `${key}: lost`;
    if (!found.value.equals(expected)) return `${key}: the value differs from the file`;
    const right = isOpen ? found.revision >= revision : found.revision === revision;
    if (right) return undefined;
    return `${key}: revision ${found.revision}, acknowledged was ${revision}`;
  }
}
