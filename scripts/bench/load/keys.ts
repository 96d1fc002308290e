/** The keys of the benchmark: 17 bytes, distinct, in no order; and numbers at random. */

export const KEY_BYTES = 17;
export const VALUE_BYTES = 100;

const DIGITS = 13;

/** Distinct for each index of 32 bits: what murmur3 does at its end can be undone. */
export function keyOf(index: number): string {
  let mixed = index ^ (index >>> 16);
  mixed = Math.imul(mixed, 0x85eb_ca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2_ae35);
  mixed ^= mixed >>> 16;
  return `key:${String(mixed >>> 0).padStart(DIGITS, '0')}`;
}

/** As redis-benchmark names them. */
export function redisKeyOf(index: number): string {
  return `key:${String(index).padStart(12, '0')}`;
}

let seed = 88_172_645;

/** xorshift32: a number from 0 up to, not including, `end`. */
export function randomBelow(end: number): number {
  seed ^= seed << 13;
  seed ^= seed >>> 17;
  seed ^= seed << 5;
  return (seed >>> 0) % end;
}
