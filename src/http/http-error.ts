/** An error with a status of its own, where HTTP knows better than the code. */

import { CaskError, type CaskErrorOptions } from '../errors/cask-error.ts';
import type { ErrorCode } from '../errors/error-codes.ts';

export class HttpError extends CaskError {
  readonly status: number;

  constructor(status: number, code: ErrorCode, message: string, options: CaskErrorOptions = {}) {
    super(code, message, options);
    this.status = status;
  }
}

export function notFound(message: string): HttpError {
  return new HttpError(404, 'NOT_FOUND', message);
}
