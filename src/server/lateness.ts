/** What is answered to a request that took too long. */

import { CaskError } from '../errors/cask-error.ts';
import type { LimitDetails } from '../errors/limit-error.ts';

export interface Late {
  /** How long the request had. */
  readonly timeoutMs: number;
  /** The server's own limit for every request. */
  readonly requestTimeoutMs: number;
  /** Its work may be done all the same. */
  readonly mayBeDone: boolean;
}

/** TIMEOUT where nothing was and will be applied, OUTCOME_UNKNOWN where nobody can tell. */
export function latenessError({ timeoutMs, requestTimeoutMs, mayBeDone }: Late): CaskError {
  const details: LimitDetails | undefined =
    timeoutMs === requestTimeoutMs
      ? { limitName: 'requestTimeoutMs', limit: requestTimeoutMs }
      : undefined;
  const options = details === undefined ? {} : { details };
  const late = `not done within ${timeoutMs} ms`;
  return mayBeDone
    ? new CaskError('OUTCOME_UNKNOWN', `${late}, and it may still be`, options)
    : new CaskError('TIMEOUT', `${late}; nothing was changed`, { ...options, retryable: true });
}

/** For a request that waited for its turn until after its deadline. */
export function overdueError(deadlineMs: number): CaskError {
  const message = `its deadline of ${deadlineMs} ms was over before its turn came; nothing was done`;
  return new CaskError('TIMEOUT', message, { retryable: true });
}
