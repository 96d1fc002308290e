/** The sizes that a write may have, and what is said of one that does not. */

import { CaskError } from '../../errors/cask-error.ts';
import { limitError } from '../../errors/limit-error.ts';
import { EXPIRES_AT_LIMIT, TTL_MS_MAX } from '../../vocabulary/write-arguments.ts';
import type { StoreOptions } from '../store-options.ts';

export type WriteLimits = Pick<
  StoreOptions,
  | 'maxKeyBytes'
  | 'maxValueBytes'
  | 'maxBatchItems'
  | 'maxBatchBytes'
  | 'maxWriteQueueBytes'
  | 'maxKeydirBytes'
>;

/** What is wrong with a key of that length; undefined: nothing. */
export function keyProblem(keyBytes: number, maxKeyBytes: number): CaskError | undefined {
  if (keyBytes === 0) {
    return new CaskError('KEY_EMPTY', 'the key is empty; a key has at least one byte');
  }
  if (keyBytes <= maxKeyBytes) return undefined;
  const message = `the key has ${keyBytes} bytes; at most ${maxKeyBytes} are allowed (maxKeyBytes)`;
  return limitError('KEY_TOO_LONG', message, 'maxKeyBytes', maxKeyBytes);
}

/** What is wrong with the sizes and the time to live of a put; undefined: nothing. */
export function putProblem(
  keyBytes: number,
  valueBytes: number,
  ttlMs: number,
  limits: WriteLimits,
): CaskError | undefined {
  const problem = keyProblem(keyBytes, limits.maxKeyBytes);
  if (problem !== undefined) return problem;
  if (valueBytes > limits.maxValueBytes) {
    const { maxValueBytes } = limits;
    const message = `the value has ${valueBytes} bytes; at most ${maxValueBytes} are allowed`;
    return limitError(
      'VALUE_TOO_LARGE',
      `${message} (maxValueBytes)`,
      'maxValueBytes',
      maxValueBytes,
    );
  }
  return ttlProblem(ttlMs);
}

/** What is wrong with a time to live; undefined: nothing. */
export function ttlProblem(ttlMs: number): CaskError | undefined {
  if (Number.isInteger(ttlMs) && ttlMs > -EXPIRES_AT_LIMIT && ttlMs <= TTL_MS_MAX) return undefined;
  const message = `a time to live is a whole number of milliseconds from 1 to 2^47, not ${ttlMs}`;
  return new CaskError('BAD_REQUEST', message);
}

export function busy(queuedBytes: number, limit: number): CaskError {
  const message = `${queuedBytes} bytes of writes are waiting for the disk (maxWriteQueueBytes)`;
  return limitError('BUSY', `${message}; try again shortly`, 'maxWriteQueueBytes', limit);
}

export function keydirFull(limit: number): CaskError {
  const message = 'the keydir has no room for a new key (maxKeydirBytes)';
  const advice = 'delete keys or give it more memory';
  return limitError('KEYDIR_FULL', `${message}; ${advice}`, 'maxKeydirBytes', limit);
}

export function conflict(currentRevision: number, index?: number): CaskError {
  const revision = currentRevision === 0 ? null : currentRevision;
  const is = revision === null ? 'the key is absent' : `the key is at revision ${revision}`;
  const of = index === undefined ? '' : ` of item ${index}`;
  return new CaskError('CONFLICT', `the condition${of} does not hold: ${is}`, {
    details: index === undefined ? { revision } : { revision, index },
  });
}
