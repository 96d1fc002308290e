/** Adds to a counter: a value that is a decimal integer, of 64 bits with sign. */

import { CaskError } from '../../errors/cask-error.ts';
import { INTEGER_CHARACTERS_MAX, integerFrom, sumOf } from '../../vocabulary/integer-text.ts';
import { TTL_KEEP } from '../../vocabulary/write-arguments.ts';
import type { Decision, Modifier } from '../modifier.ts';
import type { EntryView } from '../reply-sink.ts';

/** Where digits are written before the store copies them. */
const digits = Buffer.alloc(INTEGER_CHARACTERS_MAX);

/** An absent key counts from 0; the expiry stays. NOT_AN_INTEGER and OUT_OF_RANGE change nothing. */
export class Incrementer implements Modifier {
  readonly needsValue = true;
  /** Once it is applied. */
  sum: number | bigint = 0;
  readonly #step: number | bigint;

  /** @param step a safe integer, or a bigint of 64 bits */
  constructor(step: number | bigint) {
    this.#step = step;
  }

  apply(current: EntryView | undefined, decision: Decision): void {
    const value =
      current === undefined
        ? 0
        : integerFrom(current.buffer, current.valueStart, current.valueBytes);
    if (value === undefined) {
      const message = 'the value is not a decimal integer of 64 bits; nothing can be added to it';
      throw new CaskError('NOT_AN_INTEGER', message);
    }
    const sum = sumOf(value, this.#step);
    if (sum === undefined) {
      const message = `${value} and ${this.#step} make more than 64 bits hold; it stays ${value}`;
      throw new CaskError('OUT_OF_RANGE', message);
    }
    this.sum = sum;
    decision.put(digits, 0, digits.write(String(sum), 'latin1'), TTL_KEEP);
  }
}
