/**
 * Nodes of the sorted index: sorted references in pooled typed arrays, with key heads.
 *
 * One pool holds leaves, another inner nodes. A node, in 32-bit words:
 *
 * | words             | holds                                                     |
 * |-------------------|-----------------------------------------------------------|
 * | 0                 | count of references                                       |
 * | 1                 | prefixLength: bytes that all keys of the node share       |
 * | 2, 3              | previous and next node (leaves); next also links free ones|
 * | 4 .. 15           | the first `prefixLength` bytes of each key, at most 48    |
 * | 16 ..             | references, `capacity` of them, ascending by key          |
 * | 16 + capacity ..  | heads u16: the two key bytes after the prefix             |
 * | after the heads   | children u32 (inner nodes): `capacity` + 1                |
 *
 * A search compares the key with the prefix, then heads, and looks at entries only where heads
 * are equal: mostly one. Node 0 means none.
 */

import { assert } from '../../errors/cask-error.ts';
import type { EntryBlocks } from './entry-blocks.ts';

const COUNT = 0;
const PREFIX_LENGTH = 1;
const PREVIOUS = 2;
const NEXT = 3;
const PREFIX = 4;
const REFS = 16;
export const PREFIX_BYTES_MAX = (REFS - PREFIX) * 4;

export class IndexNodes {
  /** References per node; even. */
  readonly capacity: number;
  /** Set by `search`: the key at the place it returned equals the key searched. */
  exact = false;

  readonly #entries: EntryBlocks;
  readonly #words: Uint32Array[] = [];
  readonly #halves: Uint16Array[] = [];
  readonly #bytes: Uint8Array[] = [];
  readonly #shift: number;
  readonly #mask: number;
  readonly #nodeWords: number;
  /** Where heads begin, in 16-bit units from the start of a node. */
  readonly #headsAt: number;
  readonly #childrenAt: number;
  #freeNode = 0;
  #freeCount = 0;
  /** Node numbers given out so far; number 0 is not used. */
  #issued = 1;

  /** `childSlots` is 0 for leaves; `nodesPerChunk` is a power of two. */
  constructor(entries: EntryBlocks, capacity: number, childSlots: number, nodesPerChunk: number) {
    this.#entries = entries;
    this.capacity = capacity;
    this.#headsAt = (REFS + capacity) * 2;
    this.#childrenAt = REFS + capacity + capacity / 2;
    this.#nodeWords = this.#childrenAt + childSlots;
    this.#shift = Math.log2(nodesPerChunk);
    this.#mask = nodesPerChunk - 1;
  }

  get nodeBytes(): number {
    return this.#nodeWords * 4;
  }

  /** Nodes in use. */
  get nodeCount(): number {
    return this.#issued - 1 - this.#freeCount;
  }

  /** Bytes touched: nodes in use and free ones. */
  get bytesUsed(): number {
    return (this.#issued - 1) * this.nodeBytes;
  }

  /** An empty node without neighbours. */
  allocate(): number {
    let node = this.#freeNode;
    if (node !== 0) {
      this.#freeNode = this.next(node);
      this.#freeCount--;
    } else {
      node = this.#issued++;
      if (node >>> this.#shift === this.#words.length) this.#addChunk();
    }
    this.#setWord(node, COUNT, 0);
    this.#setWord(node, PREFIX_LENGTH, 0);
    this.#setWord(node, PREVIOUS, 0);
    this.#setWord(node, NEXT, 0);
    return node;
  }

  free(node: number): void {
    this.#setWord(node, NEXT, this.#freeNode);
    this.#freeNode = node;
    this.#freeCount++;
  }

  #addChunk(): void {
    const buffer = new SharedArrayBuffer((this.#mask + 1) * this.nodeBytes);
    this.#words.push(new Uint32Array(buffer));
    this.#halves.push(new Uint16Array(buffer));
    this.#bytes.push(new Uint8Array(buffer));
  }

  #word(node: number, word: number): number {
    const words = this.#words[node >>> this.#shift] as Uint32Array;
    return words[(node & this.#mask) * this.#nodeWords + word] as number;
  }

  #setWord(node: number, word: number, value: number): void {
    const words = this.#words[node >>> this.#shift] as Uint32Array;
    words[(node & this.#mask) * this.#nodeWords + word] = value;
  }

  count(node: number): number {
    return this.#word(node, COUNT);
  }

  previous(node: number): number {
    return this.#word(node, PREVIOUS);
  }

  next(node: number): number {
    return this.#word(node, NEXT);
  }

  /** Makes two nodes neighbours; either may be 0. */
  link(left: number, right: number): void {
    if (left !== 0) this.#setWord(left, NEXT, right);
    if (right !== 0) this.#setWord(right, PREVIOUS, left);
  }

  refAt(node: number, place: number): number {
    return this.#word(node, REFS + place);
  }

  /** Another reference for the same key. */
  renameAt(node: number, place: number, ref: number): void {
    this.#setWord(node, REFS + place, ref);
  }

  child(node: number, place: number): number {
    return this.#word(node, this.#childrenAt + place);
  }

  setChild(node: number, place: number, child: number): void {
    this.#setWord(node, this.#childrenAt + place, child);
  }

  /** Puts a child at `place`; `childCount` are there before. */
  insertChild(node: number, place: number, child: number, childCount: number): void {
    const words = this.#words[node >>> this.#shift] as Uint32Array;
    const base = (node & this.#mask) * this.#nodeWords + this.#childrenAt;
    words.copyWithin(base + place + 1, base + place, base + childCount);
    words[base + place] = child;
  }

  /** Takes the child at `place` out; `childCount` are there before. */
  removeChild(node: number, place: number, childCount: number): void {
    const words = this.#words[node >>> this.#shift] as Uint32Array;
    const base = (node & this.#mask) * this.#nodeWords + this.#childrenAt;
    words.copyWithin(base + place, base + place + 1, base + childCount);
  }

  /** Copies children to another node, or within one that nothing overlaps in. */
  copyChildren(from: number, fromPlace: number, to: number, toPlace: number, count: number): void {
    for (let i = 0; i < count; i++) this.setChild(to, toPlace + i, this.child(from, fromPlace + i));
  }

  /** The first place whose key is not below the given one; sets `exact`. */
  search(node: number, buffer: Uint8Array, start: number, length: number): number {
    this.exact = false;
    const chunk = node >>> this.#shift;
    const words = this.#words[chunk] as Uint32Array;
    const base = (node & this.#mask) * this.#nodeWords;
    const count = words[base + COUNT] as number;
    const prefixLength = words[base + PREFIX_LENGTH] as number;
    const order = this.#comparePrefix(node, prefixLength, buffer, start, length);
    if (order !== 0) return order < 0 ? 0 : count;
    const head = headOfKey(buffer, start + prefixLength, length - prefixLength);
    const halves = this.#halves[chunk] as Uint16Array;
    const headsAt = base * 2 + this.#headsAt;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      let difference = (halves[headsAt + middle] as number) - head;
      if (difference === 0) {
        const ref = words[base + REFS + middle] as number;
        difference = this.#entries.compare(ref, prefixLength, buffer, start, length);
        if (difference === 0) {
          this.exact = true;
          return middle;
        }
      }
      if (difference < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Where the key stands to all keys with the node's prefix: below (< 0), above, or among (0). */
  #comparePrefix(
    node: number,
    prefixLength: number,
    buffer: Uint8Array,
    start: number,
    length: number,
  ): number {
    const bytes = this.#bytes[node >>> this.#shift] as Uint8Array;
    const prefixAt = ((node & this.#mask) * this.#nodeWords + PREFIX) * 4;
    const shared = prefixLength < length ? prefixLength : length;
    for (let i = 0; i < shared; i++) {
      const difference = (buffer[start + i] as number) - (bytes[prefixAt + i] as number);
      if (difference !== 0) return difference;
    }
    return length < prefixLength ? -1 : 0;
  }

  /** Inserts a reference at the place that `search` gave; the node is not full. */
  insertAt(node: number, place: number, ref: number): void {
    const count = this.count(node);
    assert(count < this.capacity, 'the node has room');
    this.#admit(node, ref);
    const words = this.#words[node >>> this.#shift] as Uint32Array;
    const halves = this.#halves[node >>> this.#shift] as Uint16Array;
    const base = (node & this.#mask) * this.#nodeWords;
    const refsAt = base + REFS;
    const headsAt = base * 2 + this.#headsAt;
    for (let i = count; i > place; i--) {
      words[refsAt + i] = words[refsAt + i - 1] as number;
      halves[headsAt + i] = halves[headsAt + i - 1] as number;
    }
    words[refsAt + place] = ref;
    halves[headsAt + place] = this.#entries.head(ref, words[base + PREFIX_LENGTH] as number);
    words[base + COUNT] = count + 1;
  }

  removeAt(node: number, place: number): void {
    this.#closeGap(node, place, 1);
  }

  /** Puts another key in a place where it is in order. */
  replaceAt(node: number, place: number, ref: number): void {
    this.#admit(node, ref);
    this.#setWord(node, REFS + place, ref);
    this.#setHead(node, place, this.#word(node, PREFIX_LENGTH));
  }

  /** Adds a reference at the end without prefix and head; `seal` must follow before any search. */
  appendUnsealed(node: number, ref: number): void {
    const count = this.count(node);
    this.#setWord(node, REFS + count, ref);
    this.#setWord(node, COUNT, count + 1);
  }

  /** Takes the longest prefix that all keys of the node share, and all heads anew. */
  seal(node: number): void {
    this.#rebuild(node, this.#sharedPrefix(node));
  }

  /** Like `seal`, but does nothing if the prefix would not become longer. */
  tighten(node: number): void {
    const prefixLength = this.#sharedPrefix(node);
    if (prefixLength > this.#word(node, PREFIX_LENGTH)) this.#rebuild(node, prefixLength);
  }

  /** Moves `count` references from `fromPlace` of one node to `toPlace` of another. */
  transfer(from: number, fromPlace: number, to: number, toPlace: number, count: number): void {
    const toCount = this.count(to);
    const samePrefix = toCount === 0 ? this.#copyPrefix(from, to) : this.#hasSamePrefix(from, to);
    this.#openGap(to, toPlace, count);
    const fromBase = (from & this.#mask) * this.#nodeWords;
    const toBase = (to & this.#mask) * this.#nodeWords;
    const fromWords = this.#words[from >>> this.#shift] as Uint32Array;
    const toWords = this.#words[to >>> this.#shift] as Uint32Array;
    const fromHalves = this.#halves[from >>> this.#shift] as Uint16Array;
    const toHalves = this.#halves[to >>> this.#shift] as Uint16Array;
    const fromHeads = fromBase * 2 + this.#headsAt + fromPlace;
    const toHeads = toBase * 2 + this.#headsAt + toPlace;
    for (let i = 0; i < count; i++) {
      toWords[toBase + REFS + toPlace + i] = fromWords[fromBase + REFS + fromPlace + i] as number;
      toHalves[toHeads + i] = fromHalves[fromHeads + i] as number;
    }
    this.#closeGap(from, fromPlace, count);
    if (!samePrefix) this.#rebuild(to, this.#sharedPrefix(to));
  }

  #openGap(node: number, place: number, size: number): void {
    const count = this.count(node);
    const chunk = node >>> this.#shift;
    const refsAt = (node & this.#mask) * this.#nodeWords + REFS;
    const headsAt = (node & this.#mask) * this.#nodeWords * 2 + this.#headsAt;
    const words = this.#words[chunk] as Uint32Array;
    const halves = this.#halves[chunk] as Uint16Array;
    words.copyWithin(refsAt + place + size, refsAt + place, refsAt + count);
    halves.copyWithin(headsAt + place + size, headsAt + place, headsAt + count);
    this.#setWord(node, COUNT, count + size);
  }

  #closeGap(node: number, place: number, size: number): void {
    const count = this.count(node);
    const chunk = node >>> this.#shift;
    const refsAt = (node & this.#mask) * this.#nodeWords + REFS;
    const headsAt = (node & this.#mask) * this.#nodeWords * 2 + this.#headsAt;
    const words = this.#words[chunk] as Uint32Array;
    const halves = this.#halves[chunk] as Uint16Array;
    words.copyWithin(refsAt + place, refsAt + place + size, refsAt + count);
    halves.copyWithin(headsAt + place, headsAt + place + size, headsAt + count);
    this.#setWord(node, COUNT, count - size);
  }

  // Prefixes and heads.

  /** Shortens the node's prefix, if need be, to what the key of `ref` shares. */
  #admit(node: number, ref: number): void {
    const prefixLength = this.#word(node, PREFIX_LENGTH);
    if (this.count(node) === 0) {
      this.#setPrefix(node, ref, Math.min(PREFIX_BYTES_MAX, this.#entries.keyLength(ref)));
      return;
    }
    const bytes = this.#bytes[node >>> this.#shift] as Uint8Array;
    const prefixAt = ((node & this.#mask) * this.#nodeWords + PREFIX) * 4;
    const key = this.#entries.keyBuffer(ref);
    const keyAt = this.#entries.keyStart(ref);
    const limit = Math.min(prefixLength, this.#entries.keyLength(ref));
    let shared = 0;
    while (shared < limit && bytes[prefixAt + shared] === key[keyAt + shared]) shared++;
    if (shared < prefixLength) this.#rebuild(node, shared);
  }

  #sharedPrefix(node: number): number {
    const count = this.count(node);
    if (count === 0) return 0;
    const last = this.refAt(node, count - 1);
    return this.#entries.commonPrefix(this.refAt(node, 0), last, PREFIX_BYTES_MAX);
  }

  #rebuild(node: number, prefixLength: number): void {
    const count = this.count(node);
    if (count === 0) this.#setWord(node, PREFIX_LENGTH, 0);
    else this.#setPrefix(node, this.refAt(node, 0), prefixLength);
    for (let place = 0; place < count; place++) this.#setHead(node, place, prefixLength);
  }

  #setPrefix(node: number, ref: number, prefixLength: number): void {
    const bytes = this.#bytes[node >>> this.#shift] as Uint8Array;
    const prefixAt = ((node & this.#mask) * this.#nodeWords + PREFIX) * 4;
    const key = this.#entries.keyBuffer(ref);
    const keyAt = this.#entries.keyStart(ref);
    for (let i = 0; i < prefixLength; i++) bytes[prefixAt + i] = key[keyAt + i] as number;
    this.#setWord(node, PREFIX_LENGTH, prefixLength);
  }

  #setHead(node: number, place: number, prefixLength: number): void {
    const halves = this.#halves[node >>> this.#shift] as Uint16Array;
    const headsAt = (node & this.#mask) * this.#nodeWords * 2 + this.#headsAt;
    halves[headsAt + place] = this.#entries.head(this.refAt(node, place), prefixLength);
  }

  #copyPrefix(from: number, to: number): boolean {
    for (let word = PREFIX; word < REFS; word++) this.#setWord(to, word, this.#word(from, word));
    this.#setWord(to, PREFIX_LENGTH, this.#word(from, PREFIX_LENGTH));
    return true;
  }

  #hasSamePrefix(left: number, right: number): boolean {
    const length = this.#word(left, PREFIX_LENGTH);
    if (length !== this.#word(right, PREFIX_LENGTH)) return false;
    const leftBytes = this.#bytes[left >>> this.#shift] as Uint8Array;
    const rightBytes = this.#bytes[right >>> this.#shift] as Uint8Array;
    const leftAt = ((left & this.#mask) * this.#nodeWords + PREFIX) * 4;
    const rightAt = ((right & this.#mask) * this.#nodeWords + PREFIX) * 4;
    for (let i = 0; i < length; i++) {
      if (leftBytes[leftAt + i] !== rightBytes[rightAt + i]) return false;
    }
    return true;
  }
}

/** As `EntryBlocks.head`, for a key that is not an entry's. */
function headOfKey(buffer: Uint8Array, at: number, left: number): number {
  if (left >= 2) return ((buffer[at] as number) << 8) | (buffer[at + 1] as number);
  return left === 1 ? (buffer[at] as number) << 8 : 0;
}
