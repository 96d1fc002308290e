/**
 * The hash table: from a key's hash to the reference of its entry.
 *
 * 4096 shards, each an open-addressed table that grows by itself, so no growth takes long.
 * A slot is 6 bytes in one place (one cache line mostly): tag u16 (0: empty), reference u32.
 * A key's home follows from its tag alone, `(tag * slots) >>> 16`; growing and deleting
 * therefore never look at entries. Shard and tag are disjoint bits of the hash. Deleting shifts
 * back, so there are no markers to clean. Shards do not shrink.
 */

import type { EntryBlocks } from './entry-blocks.ts';

const SHARD_BITS = 12;
export const SHARDS: number = 1 << SHARD_BITS;
/** What a hash is shifted by to give its shard. */
export const SHARD_SHIFT: number = 32 - SHARD_BITS;

/** Words of 16 bits: tag (1) + reference (2). */
const SLOT_WORDS = 1 + 2;
const SLOT_BYTES = SLOT_WORDS * 2;
const LOAD_MAX = 0.8;
const GROWTH = 1.3;
/** Beyond 65536 slots a 16-bit tag could not tell homes apart. */
const SLOTS_MAX = 65_536;
const KEYS_MAX = Math.floor(SLOTS_MAX * LOAD_MAX);
const SLOTS_INITIAL = 16;
/** Shards start with 16..20 slots, so that they do not all grow at the same time. */
const STAGGER = 5;

const NO_TABLE = new Uint16Array(0);

function tagOf(hash: number): number {
  return hash & 0xffff || 1;
}

export class HashShards {
  readonly #entries: EntryBlocks;
  readonly #tables: Uint16Array[] = new Array<Uint16Array>(SHARDS).fill(NO_TABLE);
  readonly #slots = new Uint32Array(SHARDS);
  readonly #counts = new Uint32Array(SHARDS);
  #totalSlots = 0;
  #slotsInitial = SLOTS_INITIAL;
  #slotsMost = SLOTS_INITIAL;
  #countMost = 0;

  constructor(entries: EntryBlocks) {
    this.#entries = entries;
  }

  get bytesUsed(): number {
    return this.#totalSlots * SLOT_BYTES + SHARDS * 16;
  }

  /** Upper bound of what `newKeys` more keys, however they fall, add to `bytesUsed`. */
  growthBytesMax(newKeys: number): number {
    const firstGrowth = Math.max(
      this.#slotsInitial + STAGGER,
      Math.ceil(this.#slotsMost * (GROWTH - 1)) + 1,
    );
    // after a shard's first growth, 0.24 keys per old slot pay for 0.39 new ones
    return SLOT_BYTES * (Math.min(newKeys, SHARDS) * firstGrowth + Math.ceil(newKeys * 1.75));
  }

  /**
   * Lets empty shards begin with room for their share of so many keys: they need not grow step by
   * step then, and leave no memory in pieces behind.
   */
  expect(keys: number): void {
    const share = keys / SHARDS;
    // Two standard deviations above the mean: few shards have to grow all the same.
    const slots = Math.ceil((share + 2 * Math.sqrt(share)) / LOAD_MAX);
    this.#slotsInitial = Math.min(Math.max(slots, SLOTS_INITIAL), SLOTS_MAX - STAGGER);
  }

  /** Whether `newKeys` more keys, however they fall, certainly find room in their shards. */
  hasRoomFor(newKeys: number): boolean {
    return this.#countMost + newKeys <= KEYS_MAX;
  }

  /** The reference of the entry with this key; 0: none. */
  find(hash: number, buffer: Uint8Array, start: number, length: number): number {
    const shard = hash >>> SHARD_SHIFT;
    const slots = this.#slots[shard] as number;
    if (slots === 0) return 0;
    const table = this.#tables[shard] as Uint16Array;
    const tag = tagOf(hash);
    const end = slots * SLOT_WORDS;
    let at = (Math.imul(tag, slots) >>> 16) * SLOT_WORDS;
    for (;;) {
      const present = table[at] as number;
      if (present === 0) return 0;
      if (present === tag) {
        const ref = ((table[at + 1] as number) | ((table[at + 2] as number) << 16)) >>> 0;
        if (this.#entries.matches(ref, buffer, start, length)) return ref;
      }
      at += SLOT_WORDS;
      if (at === end) at = 0;
    }
  }

  /** The slot where a key with this hash is looked for first, so that it is read; no branch hangs on it. */
  home(hash: number): number {
    const shard = hash >>> SHARD_SHIFT;
    const slots = this.#slots[shard] as number;
    const table = this.#tables[shard] as Uint16Array;
    return slots === 0 ? 0 : (table[(Math.imul(tagOf(hash), slots) >>> 16) * SLOT_WORDS] as number);
  }

  /** The first reference that may be that of a key with this hash; 0: there is none. */
  probable(hash: number): number {
    const shard = hash >>> SHARD_SHIFT;
    const slots = this.#slots[shard] as number;
    if (slots === 0) return 0;
    const table = this.#tables[shard] as Uint16Array;
    const tag = tagOf(hash);
    const end = slots * SLOT_WORDS;
    let at = (Math.imul(tag, slots) >>> 16) * SLOT_WORDS;
    for (;;) {
      const present = table[at] as number;
      if (present === 0) return 0;
      if (present === tag) {
        return ((table[at + 1] as number) | ((table[at + 2] as number) << 16)) >>> 0;
      }
      at += SLOT_WORDS;
      if (at === end) at = 0;
    }
  }

  /** Makes sure that an `insert` with this hash succeeds. False: its shard is full. */
  reserve(hash: number): boolean {
    const shard = hash >>> SHARD_SHIFT;
    const slots = this.#slots[shard] as number;
    if ((this.#counts[shard] as number) < Math.floor(slots * LOAD_MAX)) return true;
    if (slots >= SLOTS_MAX) return false;
    this.#grow(shard, slots);
    return true;
  }

  /** Adds a reference whose key is not in the table. False: its shard is full. */
  insert(hash: number, ref: number): boolean {
    if (!this.reserve(hash)) return false;
    const shard = hash >>> SHARD_SHIFT;
    const slots = this.#slots[shard] as number;
    const table = this.#tables[shard] as Uint16Array;
    const tag = tagOf(hash);
    this.#put(shard, emptySlot(table, slots, tag), tag, ref);
    return true;
  }

  /**
   * Adds an entry unless its key is in the table: then returns the reference that is there.
   * 0: it was added; -1: its shard is full.
   */
  takeIn(hash: number, ref: number): number {
    if (!this.reserve(hash)) return -1;
    const shard = hash >>> SHARD_SHIFT;
    const table = this.#tables[shard] as Uint16Array;
    const slots = this.#slots[shard] as number;
    const tag = tagOf(hash);
    const end = slots * SLOT_WORDS;
    let at = (Math.imul(tag, slots) >>> 16) * SLOT_WORDS;
    for (let present = table[at] as number; present !== 0; present = table[at] as number) {
      if (present === tag) {
        const other = ((table[at + 1] as number) | ((table[at + 2] as number) << 16)) >>> 0;
        if (this.#entries.haveSameKey(other, ref)) return other;
      }
      at += SLOT_WORDS;
      if (at === end) at = 0;
    }
    this.#put(shard, at, tag, ref);
    return 0;
  }

  #put(shard: number, at: number, tag: number, ref: number): void {
    const table = this.#tables[shard] as Uint16Array;
    table[at] = tag;
    table[at + 1] = ref & 0xffff;
    table[at + 2] = ref >>> 16;
    const count = (this.#counts[shard] as number) + 1;
    this.#counts[shard] = count;
    if (count > this.#countMost) this.#countMost = count;
  }

  /** Puts `to` in the place of `from`. False: `from` is not in the table. */
  replace(hash: number, from: number, to: number): boolean {
    const at = this.#slotOf(hash, from);
    if (at < 0) return false;
    const table = this.#tables[hash >>> SHARD_SHIFT] as Uint16Array;
    table[at + 1] = to & 0xffff;
    table[at + 2] = to >>> 16;
    return true;
  }

  /** False: the reference is not in the table. */
  remove(hash: number, ref: number): boolean {
    const at = this.#slotOf(hash, ref);
    if (at < 0) return false;
    const shard = hash >>> SHARD_SHIFT;
    closeGap(this.#tables[shard] as Uint16Array, this.#slots[shard] as number, at);
    this.#counts[shard] = (this.#counts[shard] as number) - 1;
    return true;
  }

  #slotOf(hash: number, ref: number): number {
    const shard = hash >>> SHARD_SHIFT;
    const slots = this.#slots[shard] as number;
    if (slots === 0) return -1;
    const table = this.#tables[shard] as Uint16Array;
    const tag = tagOf(hash);
    const low = ref & 0xffff;
    const high = ref >>> 16;
    const end = slots * SLOT_WORDS;
    let at = (Math.imul(tag, slots) >>> 16) * SLOT_WORDS;
    for (;;) {
      const present = table[at] as number;
      if (present === 0) return -1;
      if (present === tag && table[at + 1] === low && table[at + 2] === high) return at;
      at += SLOT_WORDS;
      if (at === end) at = 0;
    }
  }

  /** At most 65536 slots are copied: well below a millisecond. */
  #grow(shard: number, oldSlots: number): void {
    const newSlots =
      oldSlots === 0
        ? this.#slotsInitial + (shard % STAGGER)
        : Math.min(SLOTS_MAX, Math.ceil(oldSlots * GROWTH));
    const from = this.#tables[shard] as Uint16Array;
    const to = new Uint16Array(new SharedArrayBuffer(newSlots * SLOT_BYTES));
    for (let at = 0; at < from.length; at += SLOT_WORDS) {
      const tag = from[at] as number;
      if (tag === 0) continue;
      const target = emptySlot(to, newSlots, tag);
      to[target] = tag;
      to[target + 1] = from[at + 1] as number;
      to[target + 2] = from[at + 2] as number;
    }
    this.#tables[shard] = to;
    this.#slots[shard] = newSlots;
    this.#totalSlots += newSlots - oldSlots;
    if (newSlots > this.#slotsMost) this.#slotsMost = newSlots;
  }
}

/** There is one: tables are never full. */
function emptySlot(table: Uint16Array, slots: number, tag: number): number {
  const end = slots * SLOT_WORDS;
  let at = (Math.imul(tag, slots) >>> 16) * SLOT_WORDS;
  while (table[at] !== 0) {
    at += SLOT_WORDS;
    if (at === end) at = 0;
  }
  return at;
}

/** Empties the slot at word `gapAt` and shifts back whatever it kept from its home. */
function closeGap(table: Uint16Array, slots: number, gapAt: number): void {
  let gap = gapAt / SLOT_WORDS;
  let slot = gap;
  for (;;) {
    slot++;
    if (slot === slots) slot = 0;
    const tag = table[slot * SLOT_WORDS] as number;
    if (tag === 0) break;
    const home = Math.imul(tag, slots) >>> 16;
    const fromHome = slot >= home ? slot - home : slot - home + slots;
    const fromGap = slot >= gap ? slot - gap : slot - gap + slots;
    if (fromHome < fromGap) continue;
    table.copyWithin(gap * SLOT_WORDS, slot * SLOT_WORDS, (slot + 1) * SLOT_WORDS);
    gap = slot;
  }
  table[gap * SLOT_WORDS] = 0;
}
