/**
 * Which keys of an owner are in use. A key that is in use by one request at a time has a state that
 * is known exactly between two of them; and a page tells which keys stayed as they were under it.
 */

import type { SeededRandom } from '../torture/seeded-random.ts';

const TRIES_MAX = 8;

export class LockedKeys {
  /** Ascending. */
  readonly keys: readonly string[];
  readonly #indexes: ReadonlyMap<string, number>;
  /** By index: goes up with each taking and each release, so that it is odd while in use. */
  readonly #turns: Uint32Array;

  constructor(keys: readonly string[]) {
    this.keys = keys.toSorted();
    this.#indexes = new Map(this.keys.map((key, index) => [key, index]));
    this.#turns = new Uint32Array(keys.length);
  }

  /** Takes a key that nobody uses; undefined: none was found soon. */
  take(random: SeededRandom): string | undefined {
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      const key = random.pick(this.keys);
      if (this.takeAll([key])) return key;
    }
    return undefined;
  }

  /** Takes all of them or none. @returns whether it has */
  takeAll(keys: readonly string[]): boolean {
    if (keys.some((key) => this.#isUsed(key))) return false;
    for (const key of keys) this.#turn(key);
    return true;
  }

  release(keys: readonly string[]): void {
    for (const key of keys) this.#turn(key);
  }

  /** What `isSame` compares with. */
  turns(): Uint32Array {
    return this.#turns.slice();
  }

  /** Nobody used this key since. */
  isSame(key: string, since: Uint32Array): boolean {
    const index = this.#indexOf(key);
    return since[index] === this.#turns[index] && !this.#isUsed(key);
  }

  #isUsed(key: string): boolean {
    return (this.#turns[this.#indexOf(key)] as number) % 2 === 1;
  }

  #turn(key: string): void {
    const index = this.#indexOf(key);
    this.#turns[index] = (this.#turns[index] as number) + 1;
  }

  #indexOf(key: string): number {
    const index = this.#indexes.get(key);
    if (index === undefined) throw new Error(`${key} is no key of this owner`);
    return index;
  }
}
