/** Times of expiry in arguments: EX, PX, EXAT, PXAT, and of EXPIRE and its kin. */

import { EXPIRES_AT_LIMIT, expiringAt } from '../../vocabulary/write-arguments.ts';
import { integerOf } from '../integer-words.ts';
import type { RespArguments } from '../resp-arguments.ts';
import { invalidExpire, NOT_AN_INTEGER } from './error-words.ts';

export const EXPIRY_OPTIONS: readonly string[] = ['ex', 'px', 'exat', 'pxat'];

/** The absolute time, ms since 1970, or what to say instead. */
export type ParsedTime = { readonly at: number } | { readonly error: string };

const SECOND_MS = 1000;

/** @param unit `ex` seconds, `px` milliseconds from now; `exat`, `pxat` since 1970 */
export function timeOf(
  args: RespArguments,
  index: number,
  unit: string,
  command: string,
  mayHavePassed: boolean,
): ParsedTime {
  const value = integerOf(args, index);
  if (value === undefined) return { error: NOT_AN_INTEGER };
  const isRelative = unit === 'ex' || unit === 'px';
  const ms = Number(value) * (unit.startsWith('e') ? SECOND_MS : 1);
  const at = isRelative ? Date.now() + ms : ms;
  const isTooEarly = mayHavePassed ? ms < -(2 ** 63) : ms <= 0;
  if (isTooEarly || at >= EXPIRES_AT_LIMIT) return { error: invalidExpire(command) };
  return { at };
}

/** The time to live for the store that stands for an absolute time. */
export function ttlUntil(at: number): number {
  return expiringAt(Math.max(1, at));
}
