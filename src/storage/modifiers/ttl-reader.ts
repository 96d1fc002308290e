/** Looks how long a key has to live, by the store's clock. Changes nothing. */

import type { Decision, Modifier } from '../modifier.ts';
import type { EntryView } from '../reply-sink.ts';

export class TtlReader implements Modifier {
  readonly needsValue = false;
  /** Once it is applied: ms; Infinity: it never expires; undefined: there is no such key. */
  ttlMs: number | undefined;

  apply(current: EntryView | undefined, { now }: Decision): void {
    if (current === undefined) this.ttlMs = undefined;
    else if (current.expiresAt === 0) this.ttlMs = Number.POSITIVE_INFINITY;
    else this.ttlMs = Math.max(0, current.expiresAt - now);
  }
}
