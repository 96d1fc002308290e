/** How the daemon ends: numbers that scripts and units rely on. Never renumber one. */

import type { CaskError } from '../errors/cask-error.ts';
import type { ErrorCode } from '../errors/error-codes.ts';

export const EXIT = {
  /** Asked to stop, and everything was finished. */
  ok: 0,
  /** The store failed while serving, or a second signal cut the shutdown short. */
  runtimeFailure: 1,
  /** A flag, an environment variable or the configuration file is wrong. */
  usage: 2,
  /** The address is in use, is not ours to take, or is not loopback. */
  address: 3,
  /** Another process has the data directory. */
  locked: 4,
  /** The data directory is missing, not writable, not ours, or damaged. */
  dataDirectory: 5,
  /** A bug of ours. */
  internal: 70,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const BY_CODE: Partial<Record<ErrorCode, ExitCode>> = {
  INVALID_OPTION: EXIT.usage,
  LOCKED: EXIT.locked,
  LOCK_UNAVAILABLE: EXIT.locked,
  DIRECTORY_MISSING: EXIT.dataDirectory,
  NOT_WRITABLE: EXIT.dataDirectory,
  NOT_A_STORE: EXIT.dataDirectory,
  BAD_MANIFEST: EXIT.dataDirectory,
  MISSING_SEGMENT: EXIT.dataDirectory,
  UNSUPPORTED_FORMAT: EXIT.dataDirectory,
  CORRUPT: EXIT.dataDirectory,
  INTERNAL: EXIT.internal,
};

/** The exit code for an error that kept the store from opening, or ended it. */
export function exitCodeOf(error: CaskError): ExitCode {
  return BY_CODE[error.code] ?? EXIT.runtimeFailure;
}
