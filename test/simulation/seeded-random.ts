/** Pseudo-random numbers from a seed (sfc32): one seed, one sequence, on every machine. */

const WARM_UP = 12;
const TWO_32 = 2 ** 32;

export class SeededRandom {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param seed any integers; different ones give unrelated sequences */
  constructor(...seed: readonly number[]) {
    let hash = 0x9e37_79b9;
    const mix = (value: number): number => {
      hash = Math.imul(hash ^ value, 0x85eb_ca6b);
      hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
      hash ^= hash >>> 16;
      return hash;
    };
    for (const value of seed) {
      mix(value >>> 0);
      mix(Math.floor(value / TWO_32) >>> 0);
    }
    this.#a = mix(1);
    this.#b = mix(2);
    this.#c = mix(3);
    for (let round = 0; round < WARM_UP; round += 1) this.u32();
  }

  u32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }

  /** In [0, 1). */
  fraction(): number {
    return this.u32() / TWO_32;
  }

  /** In [0, count). */
  below(count: number): number {
    return Math.floor(this.fraction() * count);
  }

  /** In [low, high]. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let index = 0; index < count; index += 1) bytes[index] = this.u32() >>> 24;
    return bytes;
  }
}
