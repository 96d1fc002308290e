/**
 * The front of keys as numbers of 32 bits, in the keys' order: many keys are told apart by those.
 * Each byte counts for as much as differs at its place, so that ten digits take little more than
 * three bytes do.
 *
 * ```
 *  digit of a place:  0: the key ends before it    byte - lowest byte there + 1: else
 * ```
 *
 * Use: `note` all keys first, then ask for each with `of`.
 */

const PLACES_MAX = 32;
const NUMBERS = 2 ** 32;

export class KeyHeads {
  readonly #lowest = new Uint16Array(PLACES_MAX).fill(256);
  readonly #highest = new Uint16Array(PLACES_MAX);
  #places = 0;
  #longest = 0;
  /** What the digit of a place is multiplied with; empty until all is noted. */
  readonly #weights: number[] = [];

  /** A key is `bytes[start, end)`. */
  note(bytes: Uint8Array, start: number, end: number): void {
    const places = Math.min(end - start, PLACES_MAX);
    if (places > this.#places) this.#places = places;
    if (end - start > this.#longest) this.#longest = end - start;
    const lowest = this.#lowest;
    const highest = this.#highest;
    for (let place = 0; place < places; place += 1) {
      const byte = bytes[start + place] as number;
      if (byte < (lowest[place] as number)) lowest[place] = byte;
      if (byte > (highest[place] as number)) highest[place] = byte;
    }
  }

  /** Equal numbers are those of equal keys. */
  get isExact(): boolean {
    if (this.#weights.length === 0) this.#weigh();
    return this.#weights.length === this.#longest;
  }

  /**
   * The number of a key that was noted: of two keys with different numbers, the lower number has
   * the key that comes first. Equal numbers tell nothing, unless `isExact`.
   */
  of(bytes: Uint8Array, start: number, end: number): number {
    if (this.#weights.length === 0) this.#weigh();
    const weights = this.#weights;
    const lowest = this.#lowest;
    const places = Math.min(end - start, weights.length);
    let head = 0;
    for (let place = 0; place < places; place += 1) {
      const digit = (bytes[start + place] as number) - (lowest[place] as number) + 1;
      head += digit * (weights[place] as number);
    }
    return head;
  }

  /** As many places as there are numbers for. */
  #weigh(): void {
    let left = NUMBERS;
    for (let place = 0; place < this.#places; place += 1) {
      const digits = (this.#highest[place] as number) - (this.#lowest[place] as number) + 2;
      left = Math.floor(left / digits);
      if (left === 0) return;
      this.#weights.push(left);
    }
  }
}
