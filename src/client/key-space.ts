/** The keys of a client: a prefix is put before each on the way out, and taken off on the way in. */

import { CaskError } from '../errors/cask-error.ts';
import type { BatchItem, Bytes, KeyRange, RangeOptions } from '../vocabulary/entry.ts';
import type { Encoding, Output, RangeBounds } from './entry.ts';
import { outputOf } from './output.ts';

export class KeySpace {
  readonly prefix: Buffer | undefined;
  readonly #prefixBytes: number;

  constructor(prefix: Buffer | undefined) {
    this.prefix = prefix;
    this.#prefixBytes = prefix?.length ?? 0;
  }

  /**
   * The key as the server knows it.
   * @throws CaskError KEY_EMPTY, BAD_REQUEST
   */
  outward(key: Bytes): Bytes {
    if (typeof key !== 'string' && !(key instanceof Uint8Array)) {
      throw new CaskError('BAD_REQUEST', 'a key must be a string or bytes');
    }
    if (key.length === 0) throw new CaskError('KEY_EMPTY', 'a key has at least one byte');
    return this.prefix === undefined ? key : this.#join(this.prefix, key);
  }

  /** The key as the caller knows it. */
  inward<E extends Encoding>(key: Buffer, encoding: E): Output<E> {
    return outputOf(key, encoding, this.#prefixBytes);
  }

  item(item: BatchItem): BatchItem {
    return { ...item, key: this.outward(item.key) };
  }

  range(bounds: RangeBounds, limit: number | undefined): RangeOptions {
    const { after, reverse, keysOnly } = bounds;
    return { ...this.bounds(bounds), after: this.#bound(after), reverse, keysOnly, limit };
  }

  /** The bounds as the server knows them; without any, those of this key space. */
  bounds({ start, end, prefix }: KeyRange): KeyRange {
    return {
      start: this.#bound(start),
      end: this.#bound(end),
      prefix: this.#bound(prefix) ?? this.prefix,
    };
  }

  #bound(bound: Bytes | undefined): Bytes | undefined {
    if (bound === undefined || this.prefix === undefined) return bound;
    return this.#join(this.prefix, bound);
  }

  #join(prefix: Buffer, key: Bytes): Buffer {
    return Buffer.concat([prefix, typeof key === 'string' ? Buffer.from(key) : key]);
  }
}
