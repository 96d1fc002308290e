/**
 * A map from references to 32-bit numbers, off-heap.
 *
 * 1024 open-addressed shards that grow one at a time; a slot is reference u32 (0: empty) and
 * value u32. Deleting shifts back. For a side table that few or all entries may be in.
 */

import { mix32 } from './key-hash.ts';

const SHARD_BITS = 10;
const SHARDS = 1 << SHARD_BITS;
const SHARD_SHIFT = 32 - SHARD_BITS;
const SLOT_WORDS = 2;
const SLOT_BYTES = SLOT_WORDS * Uint32Array.BYTES_PER_ELEMENT;
const LOAD_MAX = 0.75;
const GROWTH = 1.5;
const SLOTS_INITIAL = 8;

const NO_TABLE = new Uint32Array(0);

/** The slot where a probe for this hash starts. Uses the bits that do not choose the shard. */
function homeOf(hash: number, slots: number): number {
  return Math.floor(((hash << SHARD_BITS) >>> 0) * (slots / 2 ** 32));
}

export class RefMap {
  readonly #tables: Uint32Array[] = new Array<Uint32Array>(SHARDS).fill(NO_TABLE);
  readonly #counts = new Uint32Array(SHARDS);
  #totalSlots = 0;
  #slotsMost = 0;

  get bytesUsed(): number {
    return this.#totalSlots * SLOT_BYTES;
  }

  /** Upper bound of what `newRefs` more references add to `bytesUsed`. */
  growthBytesMax(newRefs: number): number {
    const firstGrowth = Math.max(SLOTS_INITIAL, Math.ceil(this.#slotsMost * (GROWTH - 1)) + 1);
    return SLOT_BYTES * (Math.min(newRefs, SHARDS) * firstGrowth + newRefs * 2.5);
  }

  /** The value of the reference; -1: not in the map. */
  get(ref: number): number {
    const hash = mix32(ref);
    const table = this.#tables[hash >>> SHARD_SHIFT] as Uint32Array;
    const at = find(table, hash, ref);
    return at >= 0 && table[at] === ref ? (table[at + 1] as number) : -1;
  }

  /** Adds the reference or changes its value. */
  set(ref: number, value: number): void {
    const hash = mix32(ref);
    const shard = hash >>> SHARD_SHIFT;
    let table = this.#tables[shard] as Uint32Array;
    let at = find(table, hash, ref);
    if (at < 0 || table[at] === 0) {
      if ((this.#counts[shard] as number) + 1 > (table.length / SLOT_WORDS) * LOAD_MAX) {
        table = this.#grow(shard);
        at = find(table, hash, ref);
      }
      this.#counts[shard] = (this.#counts[shard] as number) + 1;
      table[at] = ref;
    }
    table[at + 1] = value;
  }

  /** False: it was not in the map. */
  remove(ref: number): boolean {
    const hash = mix32(ref);
    const shard = hash >>> SHARD_SHIFT;
    const table = this.#tables[shard] as Uint32Array;
    const at = find(table, hash, ref);
    if (at < 0 || table[at] === 0) return false;
    closeGap(table, at);
    this.#counts[shard] = (this.#counts[shard] as number) - 1;
    return true;
  }

  #grow(shard: number): Uint32Array {
    const from = this.#tables[shard] as Uint32Array;
    const oldSlots = from.length / SLOT_WORDS;
    const newSlots = oldSlots === 0 ? SLOTS_INITIAL : Math.ceil(oldSlots * GROWTH);
    const to = new Uint32Array(new SharedArrayBuffer(newSlots * SLOT_BYTES));
    for (let at = 0; at < from.length; at += SLOT_WORDS) {
      const ref = from[at] as number;
      if (ref === 0) continue;
      const target = find(to, mix32(ref), ref);
      to[target] = ref;
      to[target + 1] = from[at + 1] as number;
    }
    this.#tables[shard] = to;
    this.#totalSlots += newSlots - oldSlots;
    if (newSlots > this.#slotsMost) this.#slotsMost = newSlots;
    return to;
  }
}

/** The word where `ref` stands or would be put; -1: there is no table yet. */
function find(table: Uint32Array, hash: number, ref: number): number {
  const end = table.length;
  if (end === 0) return -1;
  let at = homeOf(hash, end / SLOT_WORDS) * SLOT_WORDS;
  while (table[at] !== 0 && table[at] !== ref) {
    at += SLOT_WORDS;
    if (at === end) at = 0;
  }
  return at;
}

function closeGap(table: Uint32Array, gapAt: number): void {
  const slots = table.length / SLOT_WORDS;
  let gap = gapAt / SLOT_WORDS;
  let slot = gap;
  for (;;) {
    slot++;
    if (slot === slots) slot = 0;
    const ref = table[slot * SLOT_WORDS] as number;
    if (ref === 0) break;
    const home = homeOf(mix32(ref), slots);
    const fromHome = slot >= home ? slot - home : slot - home + slots;
    const fromGap = slot >= gap ? slot - gap : slot - gap + slots;
    if (fromHome < fromGap) continue;
    table[gap * SLOT_WORDS] = ref;
    table[gap * SLOT_WORDS + 1] = table[slot * SLOT_WORDS + 1] as number;
    gap = slot;
  }
  table[gap * SLOT_WORDS] = 0;
}
