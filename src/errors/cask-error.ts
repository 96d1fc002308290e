/** The one error class of caskd: a stable code, a sentence, and what is known besides. */

import { ERROR_CODES, type ErrorCode } from './error-codes.ts';

/** Facts that some codes carry, e.g. `revision` and `index` of a CONFLICT. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

export interface CaskErrorOptions {
  readonly cause?: unknown;
  readonly details?: ErrorDetails;
  /** Overrides the code's default, for a code that a newer peer sent. */
  readonly retryable?: boolean;
}

export class CaskError extends Error {
  /** Stable; `docs/errors.md` has a section for each. */
  readonly code: ErrorCode;
  /** The same request may succeed later unchanged, and it was certainly not applied. */
  readonly retryable: boolean;
  readonly details: ErrorDetails | undefined;

  constructor(code: ErrorCode, message: string, options: CaskErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'CaskError';
    this.code = code;
    this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
    this.details = options.details;
  }
}

/** Whatever was thrown, as a CaskError: unknown things become INTERNAL with the cause kept. */
export function toCaskError(thrown: unknown): CaskError {
  if (thrown instanceof CaskError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new CaskError('INTERNAL', `unexpected: ${message}`, { cause: thrown });
}

/** Fails loudly on a programmer's error. On in production. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new CaskError('INTERNAL', `assertion failed: ${what}`);
}
