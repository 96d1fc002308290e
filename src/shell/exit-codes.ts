/** What caskctl's exit code says. Scripts rely on the numbers: never renumber one. */

import type { CaskError } from '../errors/cask-error.ts';
import type { ErrorCode } from '../errors/error-codes.ts';

export const EXIT_OK = 0;
/** The server answered with an error, or a line of an import was refused. */
export const EXIT_SERVER_ERROR = 1;
export const EXIT_USAGE = 2;
export const EXIT_CONNECTION = 3;
/** The server does not know who asks, or does not allow it. */
export const EXIT_AUTH = 4;
export const EXIT_NOT_FOUND = 5;
export const EXIT_CONFLICT = 6;
/** Ctrl-C came before the command had done all of it; what shells say of a program so ended. */
export const EXIT_INTERRUPTED = 130;

/** The codes that say: no conversation with a caskd took place, or it broke off. */
const CONNECTION_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BAD_MAGIC',
  'UNSUPPORTED_VERSION',
  'BAD_FRAME',
  'FRAME_TOO_LARGE',
  'HANDSHAKE_REQUIRED',
  'SLOW_CONSUMER',
  'TOO_MANY_CONNECTIONS',
  'IDLE_TIMEOUT',
  'CONNECT_FAILED',
  'TLS_REQUIRED',
  'CONNECTION_LOST',
  'OUTCOME_UNKNOWN',
  'QUEUE_FULL',
  'KILLED',
  'CLOSED',
]);

const AUTH_CODES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'AUTH_LOCKED',
]);

/** The command line is wrong; the message says how to mend it. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

export function exitCodeOf(error: CaskError): number {
  if (error.code === 'CONFLICT') return EXIT_CONFLICT;
  if (error.code === 'CANCELLED') return EXIT_INTERRUPTED;
  if (error.code === 'INVALID_OPTION') return EXIT_USAGE;
  if (AUTH_CODES.has(error.code)) return EXIT_AUTH;
  return CONNECTION_CODES.has(error.code) ? EXIT_CONNECTION : EXIT_SERVER_ERROR;
}
