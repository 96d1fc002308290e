/** Deletes a key, and keeps what its value was. */

import type { Decision, Modifier } from '../modifier.ts';
import type { EntryView } from '../reply-sink.ts';

export class ValueTaker implements Modifier {
  readonly needsValue = true;
  /** Once it is applied; undefined: there is no such key. */
  value: Buffer | undefined;

  apply(current: EntryView | undefined, decision: Decision): void {
    this.value = undefined;
    if (current === undefined) return;
    const { buffer, valueStart, valueBytes } = current;
    this.value = Buffer.allocUnsafeSlow(valueBytes);
    this.value.set(buffer.subarray(valueStart, valueStart + valueBytes));
    decision.delete();
  }
}
