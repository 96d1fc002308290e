/**
 * New entries of a hint file that are not in the hash yet, by many at a time.
 *
 * Put there one by one, in the order of their keys, each waits for memory: its shard is never the
 * one that the key before was in. Sorted by shard, all that goes to one shard comes together.
 */

import { assert } from '../../errors/cask-error.ts';
import { SHARD_SHIFT, SHARDS } from './hash-shards.ts';

/** About 30 for each shard: more are hardly faster. */
const CAPACITY = 128 * 1024;

export class LoadBatch {
  readonly capacity: number = CAPACITY;
  /** Of the entries in the order in which they came. A reference of 0: it was freed again. */
  readonly refs = new Uint32Array(CAPACITY);
  readonly #hashes = new Uint32Array(CAPACITY);
  /** Once sorted: places of entries, by shard; those of a shard in the order in which they came. */
  readonly order = new Uint32Array(CAPACITY);
  /** And their hashes and references. */
  readonly orderHashes = new Uint32Array(CAPACITY);
  readonly orderRefs = new Uint32Array(CAPACITY);
  /** Of each shard where its entries end in `order`. */
  readonly #ends = new Uint32Array(SHARDS);
  count = 0;
  isSorted = false;
  /** How many of `order` are in the hash. */
  settled = 0;

  get bytesUsed(): number {
    return 5 * this.refs.byteLength;
  }

  add(hash: number, ref: number): void {
    assert(this.count < CAPACITY && !this.isSorted, 'the batch has room');
    this.#hashes[this.count] = hash;
    this.refs[this.count] = ref;
    this.#ends[hash >>> SHARD_SHIFT] = (this.#ends[hash >>> SHARD_SHIFT] as number) + 1;
    this.count++;
  }

  sort(): void {
    const ends = this.#ends;
    let start = 0;
    for (let shard = 0; shard < SHARDS; shard++) {
      const size = ends[shard] as number;
      ends[shard] = start;
      start += size;
    }
    for (let place = 0; place < this.count; place++) {
      const hash = this.#hashes[place] as number;
      const shard = hash >>> SHARD_SHIFT;
      const at = ends[shard] as number;
      this.order[at] = place;
      this.orderHashes[at] = hash;
      this.orderRefs[at] = this.refs[place] as number;
      ends[shard] = at + 1;
    }
    this.isSorted = true;
  }

  clear(): void {
    this.#ends.fill(0);
    this.count = 0;
    this.isSorted = false;
    this.settled = 0;
  }
}
