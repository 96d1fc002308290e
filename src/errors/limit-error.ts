/** Errors about a limit name it in their details: clients read it there, the server counts by it. */

import { CaskError, type ErrorDetails } from './cask-error.ts';
import type { ErrorCode } from './error-codes.ts';

export interface LimitDetails extends ErrorDetails {
  /** As in the configuration and in docs/limits.md. */
  readonly limitName: string;
  readonly limit: number;
}

export function limitError(
  code: ErrorCode,
  message: string,
  limitName: string,
  limit: number,
): CaskError {
  const details: LimitDetails = { limitName, limit };
  return new CaskError(code, message, { details });
}

/** The limit that an error is about; undefined: about none. */
export function limitNameOf({ details }: CaskError): string | undefined {
  const name = details?.['limitName'];
  return typeof name === 'string' ? name : undefined;
}
