/** Errors over HTTP: problem details (RFC 9457) with the codes of `errors/error-codes.ts`. */

import type { CaskError, ErrorDetails } from '../errors/cask-error.ts';
import type { ErrorCode } from '../errors/error-codes.ts';
import { statusOf } from './http-status.ts';

export const PROBLEM_CONTENT_TYPE = 'application/problem+json; charset=utf-8';

/** RFC 9457, section 3.1, and members of our own. */
export interface Problem {
  /** Names the kind of problem: one for each code. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** `docs/errors.md` has a section for each. */
  readonly code: ErrorCode;
  /** The same request may succeed later unchanged, and was certainly not applied. */
  readonly retryable: boolean;
  readonly details?: ErrorDetails;
}

/** @param status where HTTP knows better than the code's own */
export function problemOf(error: CaskError, status: number = statusOf(error.code)): Problem {
  const { code, message, retryable, details } = error;
  return {
    type: `urn:caskd:error:${code}`,
    title: titleOf(code),
    status,
    detail: message,
    code,
    retryable,
    ...(details === undefined ? {} : { details }),
  };
}

/** `READ_ONLY` -> `Read only` */
function titleOf(code: ErrorCode): string {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
