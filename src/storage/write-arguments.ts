/** From the options that people write to the numbers and bytes that the engine works with. */

import { CaskError } from '../errors/cask-error.ts';
import {
  type Bytes,
  CONDITION_IF_ABSENT,
  CONDITION_IF_PRESENT,
  CONDITION_NONE,
  type PutOptions,
  TTL_KEEP,
  TTL_NONE,
  type WriteCondition,
} from './entry.ts';

/** @throws CaskError BAD_REQUEST for anything but bytes or a string */
export function keyBytesOf(key: Bytes): Uint8Array {
  return bytesOf(key, 'a key');
}

/** @throws CaskError BAD_REQUEST for anything but bytes or a string */
export function valueBytesOf(value: Bytes): Uint8Array {
  return bytesOf(value, 'a value');
}

function bytesOf(given: unknown, what: string): Uint8Array {
  if (given instanceof Uint8Array) return given;
  if (typeof given === 'string') return Buffer.from(given, 'utf8');
  throw new CaskError('BAD_REQUEST', `${what} is a string or bytes, not ${typeof given}`);
}

/** @throws CaskError BAD_REQUEST when there is more than one condition, or a senseless one */
export function conditionOf(condition: WriteCondition): number {
  const { ifAbsent = false, ifPresent = false, ifRevision } = condition;
  const given = Number(ifAbsent) + Number(ifPresent) + Number(ifRevision !== undefined);
  if (given === 0) return CONDITION_NONE;
  if (given > 1) {
    throw new CaskError('BAD_REQUEST', 'give one of ifAbsent, ifPresent, ifRevision, not several');
  }
  if (ifAbsent) return CONDITION_IF_ABSENT;
  if (ifPresent) return CONDITION_IF_PRESENT;
  if (ifRevision === undefined || !Number.isSafeInteger(ifRevision) || ifRevision < 0) {
    throw new CaskError('BAD_REQUEST', `ifRevision is a revision or 0, not ${ifRevision}`);
  }
  return ifRevision;
}

/** @throws CaskError BAD_REQUEST for both, or for less than a millisecond */
export function ttlOf(options: PutOptions): number {
  const { ttlMs, keepTtl = false } = options;
  if (ttlMs === undefined) return keepTtl ? TTL_KEEP : TTL_NONE;
  if (keepTtl) throw new CaskError('BAD_REQUEST', 'give ttlMs or keepTtl, not both');
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 1) {
    throw new CaskError('BAD_REQUEST', `ttlMs is a whole number from 1, not ${ttlMs}`);
  }
  return ttlMs;
}
