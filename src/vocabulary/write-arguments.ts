/**
 * Conditions and times to live as single numbers, the form that the hot paths work with, and
 * the way there from the options that people write.
 */

import { CaskError } from '../errors/cask-error.ts';
import type { PutOptions, WriteCondition } from './entry.ts';

export const CONDITION_NONE = -1;
export const CONDITION_IF_ABSENT = -2;
export const CONDITION_IF_PRESENT = -3;
// 0 and above: the revision must be equal; 0 means absent

/** The time to live of a put: these, or milliseconds (>= 1). */
export const TTL_NONE = 0;
export const TTL_KEEP = -1;
/** The longest time to live, about 4,460 years: with it, an expiry stays below the format's 2^48. */
export const TTL_MS_MAX: number = 2 ** 47;

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

/** @throws CaskError INVALID_OPTION: both options, or a time out of bounds */
export function ttlOf(options: Pick<PutOptions, 'ttlMs' | 'keepTtl'>): number {
  const { ttlMs, keepTtl = false } = options;
  if (ttlMs === undefined) return keepTtl ? TTL_KEEP : TTL_NONE;
  if (keepTtl) throw new CaskError('INVALID_OPTION', 'ttlMs and keepTtl exclude each other');
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 1 || ttlMs > TTL_MS_MAX) {
    throw new CaskError('INVALID_OPTION', `ttlMs is ${ttlMs}, not an integer from 1 to 2^47`);
  }
  return ttlMs;
}
