/**
 * The sorted index: a B+tree over references, in unsigned bytewise order of the entries' keys.
 *
 * An inner node with n children has n - 1 separators; separator i is exactly the first
 * reference of the subtree of child i + 1, so removing, or renaming, an entry that is first in
 * its leaf updates the one ancestor that names it. Leaves are full after a bulk load or
 * ascending inserts; random inserts share with a neighbour before they split, which keeps
 * leaves about 80 % full. Underfull neighbours are merged; empty nodes are freed.
 */

import { assert } from '../../errors/cask-error.ts';
import type { EntryBlocks } from './entry-blocks.ts';
import { IndexNodes } from './index-nodes.ts';

const LEAF_REFS = 128;
const LEAVES_PER_CHUNK = 1024;
/** Separators; children are at most as many. */
const INNER_REFS = 256;
const INNER_REFS_MAX = 255;
const INNERS_PER_CHUNK = 64;

/** A neighbour with at least this much room takes half the difference before a leaf splits. */
const SHARE_ROOM_MIN = 24;
const LEAF_UNDERFULL = 32;
const LEAF_MERGED_MAX = 104;
const INNER_UNDERFULL = 64;
const INNER_MERGED_MAX = 208;
const HEIGHT_MAX = 16;

export class SortedIndex {
  /** The nodes, for cursors and the bulk loader. */
  readonly leaves: IndexNodes;
  readonly inners: IndexNodes;
  readonly #entries: EntryBlocks;
  /** Inner nodes from the root down to the leaf last looked for, and the child taken in each. */
  readonly #path = new Uint32Array(HEIGHT_MAX);
  readonly #taken = new Uint32Array(HEIGHT_MAX);
  /** A leaf if `height` is 0; 0: nothing was ever inserted. */
  #root = 0;
  #height = 0;
  #count = 0;
  /** Where the last insert went: tells ascending inserts in the middle of the tree. */
  #lastLeaf = 0;
  #lastPlace = 0;
  /** Set by `#find`. */
  #leafFound = 0;

  constructor(entries: EntryBlocks) {
    this.#entries = entries;
    this.leaves = new IndexNodes(entries, LEAF_REFS, 0, LEAVES_PER_CHUNK);
    this.inners = new IndexNodes(entries, INNER_REFS, INNER_REFS, INNERS_PER_CHUNK);
  }

  /** References in the index. */
  get count(): number {
    return this.#count;
  }

  get bytesUsed(): number {
    return this.leaves.bytesUsed + this.inners.bytesUsed;
  }

  /**
   * Upper bound of what `newRefs` inserts, wherever they fall, add to `bytesUsed`, after a bulk
   * load of `bulkRefs` that is still to come.
   */
  growthBytesMax(newRefs: number, bulkRefs: number): number {
    const bulkLeaves = Math.ceil(bulkRefs / LEAF_REFS);
    const bulkInners = Math.ceil(bulkLeaves / LEAF_REFS);
    const splits = Math.min(newRefs, 2 * (this.leaves.nodeCount + bulkLeaves));
    const leaves = splits + Math.ceil(newRefs / 32) + 1;
    const innerSplits = Math.min(leaves, this.inners.nodeCount + bulkInners);
    const inners = innerSplits + Math.ceil(leaves / 64) + HEIGHT_MAX;
    return (
      (leaves + bulkLeaves) * this.leaves.nodeBytes + (inners + bulkInners) * this.inners.nodeBytes
    );
  }

  /** Adds an entry. False: its key is already there, and nothing changed. */
  insert(ref: number): boolean {
    const buffer = this.#entries.keyBuffer(ref);
    const start = this.#entries.keyStart(ref);
    const length = this.#entries.keyLength(ref);
    if (this.#root === 0) this.#root = this.leaves.allocate();
    const leaf = this.#descend(buffer, start, length);
    const place = this.leaves.search(leaf, buffer, start, length);
    if (this.leaves.exact) return false;
    if (this.leaves.count(leaf) < LEAF_REFS) this.#insertInto(leaf, place, ref);
    else this.#insertIntoFull(leaf, place, ref);
    this.#count++;
    return true;
  }

  /** Removes an entry, whose block must still hold its key. False: it is not in the index. */
  remove(ref: number): boolean {
    const place = this.#find(ref);
    if (place < 0) return false;
    const leaf = this.#leafFound;
    this.leaves.removeAt(leaf, place);
    this.#count--;
    this.#lastLeaf = 0;
    const count = this.leaves.count(leaf);
    if (count === 0) {
      this.#dropLeaf(leaf);
      return true;
    }
    if (place === 0) this.#setFirst(this.#height - 1, this.leaves.refAt(leaf, 0));
    if (count < LEAF_UNDERFULL) this.#mergeLeaf(leaf);
    return true;
  }

  /** The entry moved: `to` holds the same key. False: `from` is not in the index. */
  rename(from: number, to: number): boolean {
    const place = this.#find(from);
    if (place < 0) return false;
    this.leaves.renameAt(this.#leafFound, place, to);
    if (place > 0) return true;
    for (let level = this.#height - 1; level >= 0; level--) {
      const taken = this.#taken[level] as number;
      if (taken === 0) continue;
      this.inners.renameAt(this.#path[level] as number, taken - 1, to);
      break;
    }
    return true;
  }

  /** The leaf where the key is or would be; 0: the index was never filled. */
  leafFor(buffer: Uint8Array, start: number, length: number): number {
    return this.#root === 0 ? 0 : this.#descend(buffer, start, length);
  }

  /** The leftmost leaf; 0: there is none. */
  firstLeaf(): number {
    let node = this.#root;
    for (let level = 0; level < this.#height; level++) node = this.inners.child(node, 0);
    return node;
  }

  /** The rightmost leaf; 0: there is none. */
  lastLeaf(): number {
    let node = this.#root;
    for (let level = 0; level < this.#height; level++) {
      node = this.inners.child(node, this.inners.count(node));
    }
    return node;
  }

  /** Takes over a tree that the bulk loader built from the pools of this, empty, index. */
  adopt(root: number, height: number, count: number): void {
    assert(this.#count === 0, 'a bulk load fills an empty index');
    if (this.#root !== 0) {
      assert(this.#height === 0, 'an empty index is a leaf');
      this.leaves.free(this.#root);
    }
    this.#root = root;
    this.#height = height;
    this.#count = count;
    this.#lastLeaf = 0;
  }

  /** The place of this very reference in `#leafFound`; -1: it is not in the index. */
  #find(ref: number): number {
    if (this.#root === 0) return -1;
    const buffer = this.#entries.keyBuffer(ref);
    const start = this.#entries.keyStart(ref);
    const length = this.#entries.keyLength(ref);
    const leaf = this.#descend(buffer, start, length);
    const place = this.leaves.search(leaf, buffer, start, length);
    if (!this.leaves.exact || this.leaves.refAt(leaf, place) !== ref) return -1;
    this.#leafFound = leaf;
    return place;
  }

  #descend(buffer: Uint8Array, start: number, length: number): number {
    const inners = this.inners;
    let node = this.#root;
    for (let level = 0; level < this.#height; level++) {
      let taken = inners.search(node, buffer, start, length);
      if (inners.exact) taken++;
      this.#path[level] = node;
      this.#taken[level] = taken;
      node = inners.child(node, taken);
    }
    return node;
  }

  /** `ref` became the first of the subtree below `level` on the path: its separator follows. */
  #setFirst(level: number, ref: number): void {
    for (let above = level; above >= 0; above--) {
      const taken = this.#taken[above] as number;
      if (taken === 0) continue;
      this.inners.replaceAt(this.#path[above] as number, taken - 1, ref);
      return;
    }
  }

  // Inserting.

  #insertInto(leaf: number, place: number, ref: number): void {
    this.leaves.insertAt(leaf, place, ref);
    this.#lastLeaf = leaf;
    this.#lastPlace = place;
  }

  #insertIntoFull(leaf: number, place: number, ref: number): void {
    const isAppend = place === LEAF_REFS && this.leaves.next(leaf) === 0;
    const isAscending = leaf === this.#lastLeaf && place === this.#lastPlace + 1;
    if (isAppend || isAscending) this.#split(leaf, place, place, ref);
    else if (!this.#share(leaf, place, ref)) this.#split(leaf, LEAF_REFS / 2, place, ref);
  }

  /** Splits a full leaf so that `keep` references stay, and inserts. */
  #split(leaf: number, keep: number, place: number, ref: number): void {
    const leaves = this.leaves;
    const right = leaves.allocate();
    leaves.link(right, leaves.next(leaf));
    leaves.link(leaf, right);
    if (keep < LEAF_REFS) {
      leaves.transfer(leaf, keep, right, 0, LEAF_REFS - keep);
      leaves.tighten(leaf);
      leaves.tighten(right);
    }
    if (place < LEAF_REFS && place <= keep) this.#insertInto(leaf, place, ref);
    else this.#insertInto(right, place - keep, ref);
    this.#addChild(this.#height - 1, leaves.refAt(right, 0), right);
  }

  /** Moves references of a full leaf to a neighbour with room, and inserts. False: no room. */
  #share(leaf: number, place: number, ref: number): boolean {
    if (this.#height === 0) return false;
    const level = this.#height - 1;
    const parent = this.#path[level] as number;
    const taken = this.#taken[level] as number;
    const leaves = this.leaves;
    if (taken < this.inners.count(parent)) {
      const right = leaves.next(leaf);
      const moved = (LEAF_REFS - leaves.count(right)) >>> 1;
      if (moved >= SHARE_ROOM_MIN / 2) {
        const keep = LEAF_REFS - moved;
        leaves.transfer(leaf, keep, right, 0, moved);
        if (place <= keep) this.#insertInto(leaf, place, ref);
        else this.#insertInto(right, place - keep, ref);
        this.inners.replaceAt(parent, taken, leaves.refAt(right, 0));
        return true;
      }
    }
    if (taken === 0) return false;
    const left = leaves.previous(leaf);
    const leftCount = leaves.count(left);
    const moved = (LEAF_REFS - leftCount) >>> 1;
    if (moved < SHARE_ROOM_MIN / 2) return false;
    leaves.transfer(leaf, 0, left, leftCount, moved);
    if (place <= moved) this.#insertInto(left, leftCount + place, ref);
    else this.#insertInto(leaf, place - moved, ref);
    this.inners.replaceAt(parent, taken - 1, leaves.refAt(leaf, 0));
    return true;
  }

  /** Adds a child right of the one taken at `level` of the path. */
  #addChild(fromLevel: number, firstRef: number, newChild: number): void {
    const inners = this.inners;
    let separator = firstRef;
    let child = newChild;
    for (let level = fromLevel; level >= 0; level--) {
      const node = this.#path[level] as number;
      const taken = this.#taken[level] as number;
      const count = inners.count(node);
      if (count < INNER_REFS_MAX) {
        inners.insertAt(node, taken, separator);
        inners.insertChild(node, taken + 1, child, count + 1);
        return;
      }
      const right = inners.allocate();
      if (taken === count) inners.setChild(right, 0, child);
      else separator = this.#splitInner(node, right, taken, separator, child);
      child = right;
    }
    const root = inners.allocate();
    inners.setChild(root, 0, this.#root);
    inners.setChild(root, 1, child);
    inners.insertAt(root, 0, separator);
    this.#root = root;
    this.#height++;
    assert(this.#height < HEIGHT_MAX, 'height of the index');
  }

  /** Splits a full inner node in halves and adds a child; returns the separator of `right`. */
  #splitInner(
    node: number,
    right: number,
    taken: number,
    separator: number,
    child: number,
  ): number {
    const inners = this.inners;
    const keep = INNER_REFS_MAX >>> 1;
    const up = inners.refAt(node, keep);
    const moved = INNER_REFS_MAX - keep - 1;
    inners.transfer(node, keep + 1, right, 0, moved);
    inners.copyChildren(node, keep + 1, right, 0, moved + 1);
    inners.removeAt(node, keep);
    inners.tighten(node);
    inners.tighten(right);
    const target = taken <= keep ? node : right;
    const place = taken <= keep ? taken : taken - keep - 1;
    const childCount = inners.count(target) + 1;
    inners.insertAt(target, place, separator);
    inners.insertChild(target, place + 1, child, childCount);
    return up;
  }

  // Removing.

  #mergeLeaf(leaf: number): void {
    if (this.#height === 0) return;
    const level = this.#height - 1;
    const parent = this.#path[level] as number;
    const taken = this.#taken[level] as number;
    const count = this.leaves.count(leaf);
    if (taken < this.inners.count(parent)) {
      const right = this.leaves.next(leaf);
      if (count + this.leaves.count(right) <= LEAF_MERGED_MAX) {
        this.#mergeLeaves(leaf, right, level, taken + 1);
        return;
      }
    }
    if (taken === 0) return;
    const left = this.leaves.previous(leaf);
    if (count + this.leaves.count(left) > LEAF_MERGED_MAX) return;
    this.#mergeLeaves(left, leaf, level, taken);
  }

  /** Empties `right`, child `rightPlace` at `level` of the path, into `left` and frees it. */
  #mergeLeaves(left: number, right: number, level: number, rightPlace: number): void {
    const leaves = this.leaves;
    leaves.transfer(right, 0, left, leaves.count(left), leaves.count(right));
    leaves.link(left, leaves.next(right));
    leaves.free(right);
    this.#removeChild(level, rightPlace);
    this.#shrinkInner(level);
  }

  /** Takes a child other than the first, and its separator, out of the node at `level`. */
  #removeChild(level: number, place: number): void {
    const node = this.#path[level] as number;
    this.inners.removeChild(node, place, this.inners.count(node) + 1);
    this.inners.removeAt(node, place - 1);
  }

  /** Frees an empty leaf, and each inner node that it leaves without children. */
  #dropLeaf(leaf: number): void {
    if (this.#height === 0) return;
    const inners = this.inners;
    this.leaves.link(this.leaves.previous(leaf), this.leaves.next(leaf));
    this.leaves.free(leaf);
    let level = this.#height - 1;
    while (level >= 0 && inners.count(this.#path[level] as number) === 0) {
      inners.free(this.#path[level] as number);
      level--;
    }
    if (level < 0) {
      this.#root = this.leaves.allocate();
      this.#height = 0;
      return;
    }
    const node = this.#path[level] as number;
    const taken = this.#taken[level] as number;
    if (taken > 0) {
      this.#removeChild(level, taken);
    } else {
      const first = inners.refAt(node, 0);
      inners.removeChild(node, 0, inners.count(node) + 1);
      inners.removeAt(node, 0);
      this.#setFirst(level - 1, first);
    }
    this.#shrinkInner(level);
  }

  /** Merges underfull inner nodes from `fromLevel` of the path upwards; drops idle roots. */
  #shrinkInner(fromLevel: number): void {
    for (let level = fromLevel; level > 0; level--) {
      if (this.inners.count(this.#path[level] as number) >= INNER_UNDERFULL) break;
      if (!this.#mergeInner(level)) break;
    }
    while (this.#height > 0 && this.inners.count(this.#root) === 0) {
      const root = this.#root;
      this.#root = this.inners.child(root, 0);
      this.inners.free(root);
      this.#height--;
    }
  }

  #mergeInner(level: number): boolean {
    const inners = this.inners;
    const parent = this.#path[level - 1] as number;
    const taken = this.#taken[level - 1] as number;
    const node = this.#path[level] as number;
    const count = inners.count(node);
    if (taken < inners.count(parent)) {
      const right = inners.child(parent, taken + 1);
      if (count + 1 + inners.count(right) <= INNER_MERGED_MAX) {
        this.#mergeInners(node, right, level - 1, taken + 1);
        return true;
      }
    }
    if (taken === 0) return false;
    const left = inners.child(parent, taken - 1);
    if (count + 1 + inners.count(left) > INNER_MERGED_MAX) return false;
    this.#mergeInners(left, node, level - 1, taken);
    return true;
  }

  #mergeInners(left: number, right: number, parentLevel: number, rightPlace: number): void {
    const inners = this.inners;
    const separator = inners.refAt(this.#path[parentLevel] as number, rightPlace - 1);
    const leftCount = inners.count(left);
    const rightCount = inners.count(right);
    inners.insertAt(left, leftCount, separator);
    inners.copyChildren(right, 0, left, leftCount + 1, rightCount + 1);
    inners.transfer(right, 0, left, leftCount + 1, rightCount);
    inners.free(right);
    this.#removeChild(parentLevel, rightPlace);
  }
}
