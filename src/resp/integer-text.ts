/** 64-bit integers as Redis reads them from strings: decimal, without any freedom. */

import type { RespArguments } from './resp-arguments.ts';

const STRICT = /^(?:0|-?[1-9][0-9]{0,18})$/;
/** Up to so many characters a number is exact. */
const EXACT_CHARACTERS = 15;
export const INT64_MAX: bigint = 2n ** 63n - 1n;
export const INT64_MIN: bigint = -(2n ** 63n);

const MINUS = 0x2d;
const DIGIT_0 = 0x30;

/** The integer in these bytes, where it is short; undefined: it is none, or it is long. */
function shortInteger(buffer: Uint8Array, start: number, bytes: number): number | undefined {
  if (bytes === 0 || bytes > EXACT_CHARACTERS) return undefined;
  const isNegative = buffer[start] === MINUS;
  const first = isNegative ? start + 1 : start;
  const end = start + bytes;
  if (first === end) return undefined;
  if (buffer[first] === DIGIT_0 && (bytes > 1 || isNegative)) return undefined;
  let value = 0;
  for (let at = first; at < end; at++) {
    const digit = (buffer[at] as number) - DIGIT_0;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return isNegative ? -value : value;
}

/** Undefined: it is no integer, or out of range. A bigint where a number might not be exact. */
export function integerFrom(
  buffer: Uint8Array,
  start: number,
  bytes: number,
): number | bigint | undefined {
  const short = shortInteger(buffer, start, bytes);
  if (short !== undefined) return short;
  if (bytes <= EXACT_CHARACTERS || bytes > 20) return undefined;
  const text = Buffer.from(buffer.buffer, buffer.byteOffset + start, bytes).toString('latin1');
  if (!STRICT.test(text)) return undefined;
  const value = BigInt(text);
  return value >= INT64_MIN && value <= INT64_MAX ? value : undefined;
}

/** The word as an integer. */
export function integerOf(args: RespArguments, index: number): number | bigint | undefined {
  return integerFrom(args.buffer, args.start(index), args.bytes(index));
}

/** Where more than 2^53 is as good as that. */
export function clampedIntegerOf(args: RespArguments, index: number): number | undefined {
  const value = integerOf(args, index);
  return value === undefined ? undefined : Number(value);
}
