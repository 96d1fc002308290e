/**
 * Signed 64-bit integers as decimal text, without any freedom: no sign before what is not
 * negative, no leading zeros, no spaces. What counters are stored as. A number where it is exact,
 * a bigint where a number might not be.
 */

const STRICT = /^(?:0|-?[1-9][0-9]{0,18})$/;
/** Of so many digits every number is exact. */
const EXACT_DIGITS = 15;
/** Of -2^63. */
export const INTEGER_CHARACTERS_MAX = 20;
export const INT64_MAX: bigint = 2n ** 63n - 1n;
export const INT64_MIN: bigint = -(2n ** 63n);

const MINUS = 0x2d;
const DIGIT_0 = 0x30;

/** The integer in these bytes, where it is short; undefined: it is none, or it is long. */
export function shortInteger(buffer: Uint8Array, start: number, bytes: number): number | undefined {
  if (bytes === 0) return undefined;
  const isNegative = buffer[start] === MINUS;
  const first = isNegative ? start + 1 : start;
  const end = start + bytes;
  const digits = end - first;
  if (digits < 1 || digits > EXACT_DIGITS) return undefined;
  if (buffer[first] === DIGIT_0 && (digits > 1 || isNegative)) return undefined;
  let value = 0;
  for (let at = first; at < end; at++) {
    const digit = (buffer[at] as number) - DIGIT_0;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return isNegative ? -value : value;
}

/** Undefined: it is no integer, or out of range. */
export function integerFrom(
  buffer: Uint8Array,
  start: number,
  bytes: number,
): number | bigint | undefined {
  const short = shortInteger(buffer, start, bytes);
  if (short !== undefined) return short;
  if (bytes <= EXACT_DIGITS || bytes > INTEGER_CHARACTERS_MAX) return undefined;
  const text = Buffer.from(buffer.buffer, buffer.byteOffset + start, bytes).toString('latin1');
  if (!STRICT.test(text)) return undefined;
  const value = BigInt(text);
  return isInt64(value) ? value : undefined;
}

export function isInt64(value: bigint): boolean {
  return value >= INT64_MIN && value <= INT64_MAX;
}

/** Undefined: it is out of range. */
export function sumOf(value: number | bigint, step: number | bigint): number | bigint | undefined {
  if (typeof value === 'number' && typeof step === 'number') {
    const sum = value + step;
    if (Number.isSafeInteger(sum)) return sum;
  }
  const sum = BigInt(value) + BigInt(step);
  return isInt64(sum) ? sum : undefined;
}
