/** Gives a key another expiry, or none; its value is neither read nor written. */

import { TTL_NONE } from '../../vocabulary/write-arguments.ts';
import type { Decision, Modifier } from '../modifier.ts';
import type { EntryView } from '../reply-sink.ts';

export class Toucher implements Modifier {
  readonly needsValue = false;
  /** Once it is applied: was there something to change? */
  isChanged = false;
  readonly #ttlMs: number;

  /** @param ttlMs TTL_NONE: what expires is to expire no more; or as in `Decision.touch` */
  constructor(ttlMs: number) {
    this.#ttlMs = ttlMs;
  }

  apply(current: EntryView | undefined, decision: Decision): void {
    this.isChanged = current !== undefined && (this.#ttlMs !== TTL_NONE || current.expiresAt !== 0);
    if (this.isChanged) decision.touch(this.#ttlMs);
  }
}
