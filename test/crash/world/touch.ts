/** Gives a key that exists another expiry. */

import type { Decision, Modifier } from '../../../src/storage/modifier.ts';
import type { EntryView } from '../../../src/storage/reply-sink.ts';

export class Touch implements Modifier {
  readonly needsValue = false;
  readonly #ttlMs: number;

  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
  }

  apply(current: EntryView | undefined, decision: Decision): void {
    if (current !== undefined) decision.touch(this.#ttlMs);
  }
}
