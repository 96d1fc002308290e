/** Errors on the wire: `code, name, message, retryable, details`. */

import { CaskError, type CaskErrorOptions, type ErrorDetails } from '../errors/cask-error.ts';
import { ERROR_CODES, errorCodeOfNumber } from '../errors/error-codes.ts';
import type { PlainValue } from './msgpack-writer.ts';

/** Messages longer than this are cut, so that an error always fits in the smallest frame. */
const MESSAGE_UNITS_MAX = 2000;

export function errorNumber(error: CaskError): number {
  return ERROR_CODES[error.code].number;
}

export function errorMessage(error: CaskError): string {
  const { message } = error;
  return message.length <= MESSAGE_UNITS_MAX
    ? message
    : `${message.slice(0, MESSAGE_UNITS_MAX)}...`;
}

function isScalar(value: unknown): value is PlainValue {
  return value === null || ['boolean', 'number', 'string', 'bigint'].includes(typeof value);
}

/** The details that can go over the wire: scalars, bytes, and arrays of scalars. */
export function wireDetails(details: ErrorDetails | undefined): PlainValue {
  if (details === undefined) return undefined;
  const plain: Record<string, PlainValue> = {};
  for (const [key, value] of Object.entries(details)) {
    const fits = isScalar(value) || value instanceof Uint8Array;
    if (fits) plain[key] = value;
    else if (Array.isArray(value) && value.every(isScalar)) plain[key] = value;
  }
  return Object.keys(plain).length === 0 ? undefined : plain;
}

/**
 * The error that a peer sent. A number that this version does not know becomes INTERNAL, with
 * the peer's number and name in the details and `retryable` as sent.
 */
export function errorFromWire(
  number: number,
  name: string,
  message: string,
  retryable: boolean | undefined,
  details: ErrorDetails | undefined,
): CaskError {
  const code = errorCodeOfNumber(number);
  const options: { -readonly [K in keyof CaskErrorOptions]: CaskErrorOptions[K] } = {};
  if (retryable !== undefined) options.retryable = retryable;
  if (code !== undefined) {
    if (details !== undefined) options.details = details;
    return new CaskError(code, message, options);
  }
  options.details = { ...details, number, name };
  return new CaskError('INTERNAL', `${name}: ${message}`, options);
}
