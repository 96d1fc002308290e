/**
 * The operations of the protocol and their numbers on the wire.
 *
 * Never reuse or renumber one. `docs/protocol.md` has the arguments and results of each.
 */

export const OP_HELLO = 1;
export const OP_PING = 2;
export const OP_GET = 3;
export const OP_GET_MANY = 4;
export const OP_PUT = 5;
export const OP_DELETE = 6;
export const OP_EXISTS = 7;
export const OP_COUNT = 8;
export const OP_BATCH = 9;
export const OP_RANGE = 10;
export const OP_STATS = 11;
export const OP_SYNC = 12;
export const OP_MERGE = 13;
export const OP_CANCEL = 14;
export const OP_AUTH = 15;
export const OP_DELETE_RANGE = 16;
export const OP_CLIENTS = 17;
export const OP_SLOW_LOG = 18;
export const OP_CONFIG = 19;
export const OP_BACKUP = 20;
export const OP_SCRUB = 21;
export const OP_JOBS = 22;
export const OP_INCR = 23;
export const OP_TOUCH = 24;
export const OP_PERSIST = 25;
export const OP_TTL = 26;
export const OP_GET_AND_DELETE = 27;

/** The name of each operation by its number, for messages, metrics and traces. */
export const OP_NAMES: readonly (string | undefined)[] = [
  undefined,
  'HELLO',
  'PING',
  'GET',
  'GET_MANY',
  'PUT',
  'DELETE',
  'EXISTS',
  'COUNT',
  'BATCH',
  'RANGE',
  'STATS',
  'SYNC',
  'MERGE',
  'CANCEL',
  'AUTH',
  'DELETE_RANGE',
  'CLIENTS',
  'SLOW_LOG',
  'CONFIG',
  'BACKUP',
  'SCRUB',
  'JOBS',
  'INCR',
  'TOUCH',
  'PERSIST',
  'TTL',
  'GET_AND_DELETE',
];

/** Number of a batch item's kind, the first item of its array. */
export const BATCH_PUT = 0;
export const BATCH_DELETE = 1;

/** Bits of a RANGE request's flags. */
export const RANGE_REVERSE = 1;
export const RANGE_KEYS_ONLY = 2;

/** Bits of a DELETE_RANGE request's flags. */
export const DELETE_RANGE_ALL = 1;
export const DELETE_RANGE_PROGRESS = 2;

/** Bits of a BACKUP request's flags. */
export const BACKUP_COPIES = 1;
export const BACKUP_FULL = 2;

/** `GET`, or `operation 99` for one that this version does not know. */
export function opName(op: number): string {
  return OP_NAMES[op] ?? `operation ${op}`;
}
