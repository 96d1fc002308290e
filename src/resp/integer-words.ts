/** Words of a command as 64-bit integers, which Redis reads from strings without any freedom. */

import { integerFrom } from '../vocabulary/integer-text.ts';
import type { RespArguments } from './resp-arguments.ts';

/** The word as an integer; undefined: it is none, or out of range. */
export function integerOf(args: RespArguments, index: number): number | bigint | undefined {
  return integerFrom(args.buffer, args.start(index), args.bytes(index));
}

/** Where more than 2^53 is as good as that. */
export function clampedIntegerOf(args: RespArguments, index: number): number | undefined {
  const value = integerOf(args, index);
  return value === undefined ? undefined : Number(value);
}
