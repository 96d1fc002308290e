/**
 * The closed list of error codes, one for store, wire, client and shell.
 *
 * Numbers go over the wire: never reuse or renumber one. `docs/errors.md` has a section for
 * each, and a test checks that. `retryable` means: the same request may succeed later without
 * being changed, and it was certainly not applied.
 */

/** What a code carries besides its name. */
export interface ErrorCodeFacts {
  readonly number: number;
  readonly retryable: boolean;
}

export const ERROR_CODES = {
  // 1-19: the request itself is wrong
  BAD_REQUEST: { number: 1, retryable: false },
  UNKNOWN_OPERATION: { number: 2, retryable: false },
  KEY_EMPTY: { number: 3, retryable: false },
  KEY_TOO_LONG: { number: 4, retryable: false },
  VALUE_TOO_LARGE: { number: 5, retryable: false },
  BATCH_TOO_LARGE: { number: 6, retryable: false },
  LIMIT_EXCEEDED: { number: 7, retryable: false },
  UNSUPPORTED: { number: 8, retryable: false },
  INVALID_OPTION: { number: 9, retryable: false },
  NOT_FOUND: { number: 10, retryable: false },

  // 20-39: the request is right, the state says no
  CONFLICT: { number: 20, retryable: false },
  LOADING: { number: 21, retryable: true },
  BUSY: { number: 22, retryable: true },
  READ_ONLY: { number: 23, retryable: true },
  NO_SPACE: { number: 24, retryable: true },
  KEYDIR_FULL: { number: 25, retryable: true },
  SHUTTING_DOWN: { number: 26, retryable: true },
  MERGE_RUNNING: { number: 27, retryable: true },
  NOT_LEADER: { number: 28, retryable: true },
  NOT_AN_INTEGER: { number: 30, retryable: false },
  OUT_OF_RANGE: { number: 31, retryable: false },

  // 40-59: what became of a request is not plain success
  NOT_APPLIED: { number: 40, retryable: true },
  OUTCOME_UNKNOWN: { number: 41, retryable: false },
  TIMEOUT: { number: 42, retryable: false },
  CANCELLED: { number: 43, retryable: false },

  // 60-79: data and disk
  CORRUPT: { number: 60, retryable: false },
  IO_ERROR: { number: 61, retryable: false },
  STORE_FAILED: { number: 62, retryable: false },
  CLOSED: { number: 63, retryable: false },
  TOO_MANY_OPEN_FILES: { number: 64, retryable: true },
  BACKUP_FAILED: { number: 65, retryable: false },

  // 80-99: opening a directory
  LOCKED: { number: 80, retryable: true },
  LOCK_UNAVAILABLE: { number: 81, retryable: false },
  DIRECTORY_MISSING: { number: 82, retryable: false },
  NOT_WRITABLE: { number: 83, retryable: false },
  NOT_A_STORE: { number: 84, retryable: false },
  BAD_MANIFEST: { number: 85, retryable: false },
  MISSING_SEGMENT: { number: 86, retryable: false },
  UNSUPPORTED_FORMAT: { number: 87, retryable: false },
  BELOW_HISTORY_FLOOR: { number: 88, retryable: false },
  NOT_A_BACKUP: { number: 89, retryable: false },

  // 100-119: the connection
  BAD_MAGIC: { number: 100, retryable: false },
  UNSUPPORTED_VERSION: { number: 101, retryable: false },
  BAD_FRAME: { number: 102, retryable: false },
  FRAME_TOO_LARGE: { number: 103, retryable: false },
  HANDSHAKE_REQUIRED: { number: 104, retryable: false },
  SLOW_CONSUMER: { number: 105, retryable: true },
  TOO_MANY_CONNECTIONS: { number: 106, retryable: true },
  IDLE_TIMEOUT: { number: 107, retryable: true },
  CONNECT_FAILED: { number: 108, retryable: true },
  CONNECTION_LOST: { number: 109, retryable: true },
  QUEUE_FULL: { number: 110, retryable: true },
  KILLED: { number: 111, retryable: true },

  // 120-139: who may do what
  UNAUTHENTICATED: { number: 120, retryable: false },
  FORBIDDEN: { number: 121, retryable: false },
  AUTH_LOCKED: { number: 122, retryable: true },
  TLS_REQUIRED: { number: 123, retryable: false },

  // 200: a bug of ours
  INTERNAL: { number: 200, retryable: false },
} as const satisfies Record<string, ErrorCodeFacts>;

/** The stable name of an error. */
export type ErrorCode = keyof typeof ERROR_CODES;

const NAMES_BY_NUMBER = new Map<number, ErrorCode>(
  Object.entries(ERROR_CODES).map(([name, facts]) => [facts.number, name as ErrorCode]),
);

/** The name of a wire number; undefined when a newer peer sent one that is not in the list. */
export function errorCodeOfNumber(number: number): ErrorCode | undefined {
  return NAMES_BY_NUMBER.get(number);
}
