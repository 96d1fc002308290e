/** A small deterministic source of choices: the same seed, the same choices. */

/** mulberry32 (Tommy Ettinger's generator, public domain): 32 bits of state, enough for tests. */
export class SeededRandom {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** An unsigned number of 32 bits. */
  u32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** An integer of `[0, end)`; 0 when `end` is 0. */
  below(end: number): number {
    return end <= 0 ? 0 : Math.floor((this.u32() / 0x1_0000_0000) * end);
  }

  /** An integer of `[from, to]`. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.u32() < probability * 0x1_0000_0000;
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new Error('nothing to pick from');
    return items[this.below(items.length)] as T;
  }

  /** Fills the bytes. */
  fill(bytes: Uint8Array): Uint8Array {
    for (let at = 0; at < bytes.length; at += 1) bytes[at] = this.u32() >>> 24;
    return bytes;
  }

  /** A source of its own, so that what one part draws does not change what another does. */
  fork(): SeededRandom {
    return new SeededRandom(this.u32());
  }
}
