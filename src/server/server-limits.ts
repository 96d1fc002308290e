/** Every limit of the server, resolved: checked, frozen. Ranges: `server-limit-table.ts`. */

import { CaskError } from '../errors/cask-error.ts';
import { FRAME_BYTES_CEILING } from '../protocol/frame.ts';
import type { ServerLimits as WireLimits } from '../protocol/hello.ts';
import { grantedMemoryBytes } from '../storage/disk/node-environment.ts';
import {
  defaultOf,
  type NumberSpec,
  type OptionProblem,
  problemsInWords,
  rangeProblems,
  standing,
} from '../vocabulary/option-spec.ts';
import type { StoreLimits } from './served-store.ts';
import { SERVER_LIMIT_TABLE, serverRuleProblems } from './server-limit-table.ts';

/** What HELLO tells, and what only the server knows. */
export interface ServerLimits extends WireLimits {
  /** Connections at a time; one more is told TOO_MANY_CONNECTIONS. @default 1000 */
  readonly maxConnections: number;
  /** The same from one address; 0: no limit of its own. An IPv6 address means its /64. @default 0 */
  readonly maxConnectionsPerAddress: number;
  /** Connections that have not said who they are. @default 500 */
  readonly maxUnauthenticated: number;
  /** Unanswered requests of a connection; at that number its input waits. @default 4096 */
  readonly maxInFlight: number;
  /** Unanswered requests of all connections. @default 65536 */
  readonly maxInFlightTotal: number;
  /**
   * Large frames that are being assembled, and the frames that requests in flight hold on to, of
   * all connections. @default 1/16 of the memory granted, 64 to 256 MiB
   */
  readonly maxRequestBytes: number;
  /** A request that takes longer is answered, and given up as far as it can be. @default 30000 */
  readonly requestTimeoutMs: number;
  /** From connecting to HELLO. @default 5000 */
  readonly handshakeTimeoutMs: number;
  /** From the first byte of a frame to its last, for one that comes in a moment. @default 30000 */
  readonly frameTimeoutMs: number;
  /** A frame has time beyond that for what has come of it, at this speed. @default 64 KiB */
  readonly frameMinBytesPerSecond: number;
  /** A connection that sends nothing for so long is closed; at half of it, asked. @default 600000 */
  readonly idleTimeoutMs: number;
  /** Unsent replies of a connection at which its input waits. @default 16 MiB */
  readonly outputSoftBytes: number;
  /** Unsent replies of a connection at which it is closed. @default 64 MiB */
  readonly outputHardBytes: number;
  /** How long unsent replies may stay above the soft limit. @default 10000 */
  readonly outputTimeoutMs: number;
  /** Unsent replies of all connections. @default 1/16 of the memory granted, 64 to 256 MiB */
  readonly maxOutputBytes: number;
  /** Requests a second of a connection; 0: no limit. Above it, it is not read from. @default 0 */
  readonly connectionRequestsPerSecond: number;
  /** Bytes a second of a connection, requests and replies; 0: no limit. @default 0 */
  readonly connectionBytesPerSecond: number;
  /** The same for all connections of a user, or of an address where no users are known. @default 0 */
  readonly clientRequestsPerSecond: number;
  /** @default 0 */
  readonly clientBytesPerSecond: number;
  /** What a rate brings in this time may be used at once. @default 1000 */
  readonly rateBurstMs: number;
  /** Frames handled for one connection before the others have their turn. @default 512 */
  readonly framesPerTurn: number;
  /** Bytes taken in and given out for one connection before the others' turn. @default 1 MiB */
  readonly bytesPerTurn: number;
  /** How often deadlines are looked at. @default 1000 */
  readonly sweepIntervalMs: number;
  /** How long a connection that was told to go may take to read that. @default 1000 */
  readonly lingerMs: number;
  /** Requests that take so long go into the slow log; 0: all of them. @default 10 */
  readonly slowLogMs: number;
  /** Entries of the slow log; 0: there is none. @default 128 */
  readonly slowLogEntries: number;
}

/** Who has the limits as they are now: they may be replaced, so nobody keeps them. */
export interface LimitsOwner {
  readonly limits: ServerLimits;
}

const MIB = 1024 * 1024;

/** Head of a message, error texts and the like. */
const FRAME_OVERHEAD_BYTES = MIB;
/** Of an item in a page or batch: revision, version, times, headers. */
const ITEM_OVERHEAD_BYTES = 64;

type OwnLimits = { readonly [Name in keyof typeof SERVER_LIMIT_TABLE]: number };

function ownDefaults(memoryBytes: number): OwnLimits {
  const facts = { memoryBytes, segmentBytes: 0 };
  return Object.fromEntries(
    Object.entries(SERVER_LIMIT_TABLE).map(([name, spec]) => [name, defaultOf(spec, facts)]),
  ) as OwnLimits;
}

/** The longest frame that any allowed request or reply can need. */
function frameBytesFor(store: StoreLimits): number {
  const bytes = Math.max(store.maxBatchBytes, store.maxRangeBytes + store.maxValueBytes);
  const items = Math.max(store.maxBatchItems, store.maxRangeItems);
  return bytes + store.maxKeyBytes + items * ITEM_OVERHEAD_BYTES + FRAME_OVERHEAD_BYTES;
}

/**
 * Fills in defaults and checks ranges.
 * @throws CaskError INVALID_OPTION naming every limit that is wrong and its range
 */
export function resolveServerLimits(
  input: Partial<ServerLimits>,
  store: StoreLimits,
  memoryBytes = grantedMemoryBytes(),
): ServerLimits {
  const { maxKeyBytes, maxValueBytes, maxBatchItems, maxBatchBytes } = store;
  const { maxRangeItems, maxRangeBytes } = store;
  const limits: ServerLimits = {
    ...ownDefaults(memoryBytes),
    ...{ maxKeyBytes, maxValueBytes, maxBatchItems, maxBatchBytes, maxRangeItems, maxRangeBytes },
    maxFrameBytes: frameBytesFor(store),
    ...input,
  };
  return checked(limits, store);
}

/** What may change while the server listens. */
export type ServerLimitChanges = {
  readonly [Name in keyof typeof SERVER_LIMIT_TABLE as (typeof SERVER_LIMIT_TABLE)[Name] extends {
    readonly live: true;
  }
    ? Name
    : never]?: number;
};

/**
 * The limits with some of them changed.
 * @throws CaskError INVALID_OPTION naming every limit that is wrong and its range
 */
export function changeServerLimits(
  limits: ServerLimits,
  changes: ServerLimitChanges,
  store: StoreLimits,
): ServerLimits {
  const table: Readonly<Record<string, NumberSpec>> = SERVER_LIMIT_TABLE;
  const fixed = Object.keys(changes)
    .filter((option) => table[option]?.live !== true)
    .map((option) => ({ option, problem: 'cannot change while the server listens' }));
  return checked({ ...limits, ...changes }, store, fixed);
}

function checked(
  limits: ServerLimits,
  store: StoreLimits,
  more: readonly OptionProblem[] = [],
): ServerLimits {
  const problems = [...more, ...problemsOf(limits, frameBytesFor(store))];
  if (problems.length > 0) throw new CaskError('INVALID_OPTION', problemsInWords(problems));
  return Object.freeze(limits);
}

function problemsOf(limits: ServerLimits, frameBytesMin: number): OptionProblem[] {
  const maxFrameBytes: NumberSpec = {
    type: 'number',
    unit: 'bytes',
    min: frameBytesMin,
    max: FRAME_BYTES_CEILING,
    default: frameBytesMin,
  };
  const problems = rangeProblems({ ...SERVER_LIMIT_TABLE, maxFrameBytes }, { ...limits });
  return [...problems, ...standing(serverRuleProblems(limits), problems)];
}
