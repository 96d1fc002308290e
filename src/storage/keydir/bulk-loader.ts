/** Fills an empty sorted index from references that come in ascending order of their keys. */

import type { SortedIndex } from './sorted-index.ts';

/** Children of an inner node less one; see `sorted-index.ts`. */
const SEPARATORS_MAX = 255;

export class BulkLoader {
  readonly #index: SortedIndex;
  /** The open, rightmost, node of each level; [0] is a leaf. */
  readonly #spine: number[] = [];
  #count = 0;

  constructor(index: SortedIndex) {
    this.#index = index;
  }

  /** Adds the next reference; its key is above all before. The index is not usable yet. */
  add(ref: number): void {
    const leaves = this.#index.leaves;
    let leaf = this.#spine[0] ?? 0;
    if (leaf === 0) {
      leaf = leaves.allocate();
      this.#spine[0] = leaf;
    } else if (leaves.count(leaf) === leaves.capacity) {
      leaves.seal(leaf);
      const right = leaves.allocate();
      leaves.link(leaf, right);
      this.#addChild(1, leaf, ref, right);
      this.#spine[0] = right;
      leaf = right;
    }
    leaves.appendUnsealed(leaf, ref);
    this.#count++;
  }

  /** Hands the tree to the index. */
  finish(): void {
    const leaf = this.#spine[0];
    if (leaf === undefined) return;
    this.#index.leaves.seal(leaf);
    for (const inner of this.#spine.slice(1)) this.#index.inners.seal(inner);
    const height = this.#spine.length - 1;
    this.#index.adopt(this.#spine[height] as number, height, this.#count);
  }

  /** Adds the sibling that follows `left` at the level below, starting with `first`. */
  #addChild(level: number, left: number, first: number, child: number): void {
    const inners = this.#index.inners;
    let node = this.#spine[level];
    if (node === undefined) {
      node = inners.allocate();
      inners.setChild(node, 0, left);
      this.#spine[level] = node;
    }
    const count = inners.count(node);
    if (count < SEPARATORS_MAX) {
      inners.appendUnsealed(node, first);
      inners.setChild(node, count + 1, child);
      return;
    }
    inners.seal(node);
    const right = inners.allocate();
    inners.setChild(right, 0, child);
    this.#spine[level] = right;
    this.#addChild(level + 1, node, first, right);
  }
}
