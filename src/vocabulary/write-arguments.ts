/**
 * Conditions and times to live as single numbers, the form that the hot paths work with, and
 * the way there from the options that people write.
 */

import { CaskError } from '../errors/cask-error.ts';
import type { PutOptions, TouchOptions, WriteCondition } from './entry.ts';
import { isInt64 } from './integer-text.ts';

export const CONDITION_NONE = -1;
export const CONDITION_IF_ABSENT = -2;
export const CONDITION_IF_PRESENT = -3;
// 0 and above: the revision must be equal; 0 means absent

/** The time to live of a put: these, milliseconds (>= 1), or what `expiringAt` gives. */
export const TTL_NONE = 0;
export const TTL_KEEP = -1;
/** The longest time to live, about 4,460 years: with it, an expiry stays below the format's 2^48. */
export const TTL_MS_MAX: number = 2 ** 47;

/** Exclusive bound of absolute expiry times: the format's 48 bits. */
export const EXPIRES_AT_LIMIT: number = 2 ** 48;
/** The lowest absolute expiry that can be told from TTL_KEEP; earlier ones have passed as well. */
const EXPIRES_AT_MIN = 2;

/** The time to live that stands for an absolute time, ms since 1970: a number below TTL_KEEP. */
export function expiringAt(ms: number): number {
  return -Math.max(EXPIRES_AT_MIN, ms);
}

/** The absolute expiry that a time to live means, ms since 1970; 0: never. */
export function expiryOf(ttlMs: number, now: number, keptExpiresAt: number): number {
  if (ttlMs > 0) return now + ttlMs;
  if (ttlMs === TTL_NONE) return 0;
  return ttlMs === TTL_KEEP ? keptExpiresAt : -ttlMs;
}

/** @throws CaskError INVALID_OPTION: more than one condition, or a revision that is none */
export function conditionOf(condition: WriteCondition): number {
  const { ifAbsent = false, ifPresent = false, ifRevision } = condition;
  const given = Number(ifAbsent) + Number(ifPresent) + Number(ifRevision !== undefined);
  if (given > 1) {
    throw new CaskError('INVALID_OPTION', 'at most one of ifAbsent, ifPresent, ifRevision');
  }
  if (ifAbsent) return CONDITION_IF_ABSENT;
  if (ifPresent) return CONDITION_IF_PRESENT;
  if (ifRevision === undefined) return CONDITION_NONE;
  if (!Number.isSafeInteger(ifRevision) || ifRevision < 0) {
    throw new CaskError('INVALID_OPTION', `ifRevision is ${ifRevision}, not a revision or 0`);
  }
  return ifRevision;
}

/** @throws CaskError INVALID_OPTION: more than one of the options, or a time out of bounds */
export function ttlOf(options: Pick<PutOptions, 'ttlMs' | 'expiresAt' | 'keepTtl'>): number {
  const { ttlMs, expiresAt, keepTtl = false } = options;
  const given = Number(keepTtl) + Number(ttlMs !== undefined) + Number(expiresAt !== undefined);
  if (given > 1) {
    throw new CaskError('INVALID_OPTION', 'ttlMs, expiresAt and keepTtl exclude each other');
  }
  if (expiresAt !== undefined) return expiringAt(checkedTime(expiresAt));
  if (ttlMs === undefined) return keepTtl ? TTL_KEEP : TTL_NONE;
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 1 || ttlMs > TTL_MS_MAX) {
    throw new CaskError('INVALID_OPTION', `ttlMs is ${ttlMs}, not an integer from 1 to 2^47`);
  }
  return ttlMs;
}

/** @throws CaskError INVALID_OPTION: neither, both, or a time out of bounds */
export function touchTtlOf({ ttlMs, expiresAt }: TouchOptions): number {
  if (ttlMs === undefined && expiresAt === undefined) {
    throw new CaskError('INVALID_OPTION', 'one of ttlMs and expiresAt; persist removes an expiry');
  }
  return ttlOf({ ttlMs, expiresAt });
}

/** @throws CaskError INVALID_OPTION: not an integer of 64 bits */
export function counterStepOf(by: number | bigint): number | bigint {
  if (typeof by === 'bigint' ? isInt64(by) : Number.isSafeInteger(by)) return by;
  const wanted = 'a safe integer, or a bigint of 64 bits';
  throw new CaskError('INVALID_OPTION', `a counter is changed by ${by}, not by ${wanted}`);
}

function checkedTime(expiresAt: number): number {
  if (Number.isSafeInteger(expiresAt) && expiresAt >= 1 && expiresAt < EXPIRES_AT_LIMIT) {
    return expiresAt;
  }
  throw new CaskError('INVALID_OPTION', `expiresAt is ${expiresAt}, not ms since 1970 below 2^48`);
}
