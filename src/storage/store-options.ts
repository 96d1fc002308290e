/** Options of a store: documented, validated once, frozen. */

import { assert, CaskError } from '../errors/cask-error.ts';
import type { Environment } from './disk/environment.ts';

/**
 * When a write counts as committed.
 * - `always`: after an fdatasync that was issued after the write. Survives power cuts.
 * - `interval`: after the write; fdatasync every `syncIntervalMs`. A killed process loses
 *   nothing; a power cut loses at most that interval.
 * - `os`: after the write; the kernel decides (and at most 8 MiB are ever dirty).
 */
export type Durability = 'always' | 'interval' | 'os';

/** Progress and oddities, for a log. `event` is a stable name; `facts` are plain data. */
export type StoreLogger = (
  level: 'debug' | 'info' | 'warn' | 'error',
  event: string,
  facts: Readonly<Record<string, unknown>>,
) => void;

export interface MergeOptions {
  /** Merge by itself when there is reason to. @default true */
  readonly automatic: boolean;
  /** A sealed segment with this share of dead bytes starts a merge. @default 0.5 */
  readonly triggerDeadRatio: number;
  /** A sealed segment with this many dead bytes starts a merge. @default 128 MiB */
  readonly triggerDeadBytes: number;
  /** Once a merge starts, segments with at least this share of dead bytes join. @default 0.3 */
  readonly thresholdDeadRatio: number;
  /** Sealed segments smaller than this are gathered into bigger ones. @default 8 MiB */
  readonly smallSegmentBytes: number;
  /** This many small segments start a merge. @default 8 */
  readonly smallSegmentCount: number;
  /** Input bytes of one automatic merge. Bounds the extra disk space it needs. @default 4 GiB */
  readonly inputBytesMax: number;
  /** Bytes per second that a merge copies at most; 0: no limit. @default 0 */
  readonly bytesPerSecond: number;
  /** Local hours [from, to) in which automatic merges may start; undefined: always. */
  readonly windowHours: readonly [number, number] | undefined;
  /** How often the policy looks. @default 10000 */
  readonly checkIntervalMs: number;
}

export interface StoreOptions {
  /** The directory; created if its parent exists and `createIfMissing`. */
  readonly directory: string;
  /** @default true */
  readonly createIfMissing: boolean;
  /** @default 'always' */
  readonly durability: Durability;
  /** For durability `interval`. @default 1000 */
  readonly syncIntervalMs: number;
  /** A segment is rolled before it grows past this. 4 KiB .. 4 GiB - 1. @default 256 MiB */
  readonly segmentBytes: number;
  /** The active segment's file is extended by this much ahead of the log; 0: never. @default 16 MiB */
  readonly preallocateBytes: number;
  /**
   * States of the store up to this old can be restored from a backup: merges keep what newer
   * writes superseded. Costs the space of it; segments are merged once they are older than this.
   * 0: merges keep what is current. @default 0
   */
  readonly retainHistoryMs: number;
  /** 1 .. 65535. @default 65535 */
  readonly maxKeyBytes: number;
  /** At most a quarter of `segmentBytes`. @default 16 MiB (or that quarter) */
  readonly maxValueBytes: number;
  /** 1 .. 50000. @default 10000 */
  readonly maxBatchItems: number;
  /** At most half of `segmentBytes`. @default 32 MiB (or that half) */
  readonly maxBatchBytes: number;
  /** 1 .. 50000. @default 10000 */
  readonly maxRangeItems: number;
  /** Keys and values of a page; one entry is always given. @default 4 MiB */
  readonly maxRangeBytes: number;
  /** Memory of hash, key arena, index and expiries. @default a quarter of the memory granted */
  readonly maxKeydirBytes: number;
  /** Memory of the value cache; 0: none. @default 1/16 of the memory granted, at most 256 MiB */
  readonly cacheBytes: number;
  /** Writes accepted and not yet committed, in bytes; more are refused (BUSY). @default 64 MiB */
  readonly maxWriteQueueBytes: number;
  /** Descriptors of sealed segments kept open. @default 256 */
  readonly maxOpenSegments: number;
  /** Reads in flight in the thread pool. @default 14, or the pool's size less 2 */
  readonly maxReadsInFlight: number;
  /** Long work (`deleteRange` and the like) underway at a time; more is refused (BUSY). @default 4 */
  readonly maxJobs: number;
  /** Size of the file that is given up when the disk is full; 0: none. @default 1 MiB */
  readonly ballastBytes: number;
  readonly merge: MergeOptions;
  readonly logger: StoreLogger;
  /** The world; tests may put a simulated one here. @default the real one */
  readonly environment: Environment;
}

/** What a caller gives: a directory, and whatever should differ from the defaults. */
export type StoreOptionsInput = Partial<Omit<StoreOptions, 'merge' | 'directory'>> & {
  readonly directory: string;
  readonly merge?: Partial<MergeOptions>;
};

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
export const SEGMENT_BYTES_MAX = 4 * GIB - 1;
/** Ten years. */
const HISTORY_MS_MAX = 10 * 366 * 24 * 3_600_000;

const MERGE_DEFAULTS: MergeOptions = {
  automatic: true,
  triggerDeadRatio: 0.5,
  triggerDeadBytes: 128 * MIB,
  thresholdDeadRatio: 0.3,
  smallSegmentBytes: 8 * MIB,
  smallSegmentCount: 8,
  inputBytesMax: 4 * GIB,
  bytesPerSecond: 0,
  windowHours: undefined,
  checkIntervalMs: 10_000,
};

/** Defaults that do not depend on others. `memoryBytes` is what machine or cgroup grants. */
function defaults(
  input: StoreOptionsInput,
  memoryBytes: number,
): Omit<StoreOptions, 'environment'> {
  const segmentBytes = input.segmentBytes ?? 256 * MIB;
  return {
    directory: input.directory,
    createIfMissing: true,
    durability: 'always',
    syncIntervalMs: 1000,
    segmentBytes,
    preallocateBytes: Math.min(16 * MIB, segmentBytes),
    retainHistoryMs: 0,
    maxKeyBytes: Math.min(65_535, Math.floor(segmentBytes / 4)),
    maxValueBytes: Math.min(16 * MIB, Math.floor(segmentBytes / 4)),
    maxBatchItems: 10_000,
    maxBatchBytes: Math.min(32 * MIB, Math.floor(segmentBytes / 2)),
    maxRangeItems: 10_000,
    maxRangeBytes: 4 * MIB,
    maxKeydirBytes: Math.floor(memoryBytes / 4),
    cacheBytes: Math.min(256 * MIB, Math.floor(memoryBytes / 16)),
    maxWriteQueueBytes: 64 * MIB,
    maxOpenSegments: 256,
    maxReadsInFlight: Math.max(1, Number(process.env['UV_THREADPOOL_SIZE'] ?? 4) - 2),
    maxJobs: 4,
    ballastBytes: MIB,
    merge: MERGE_DEFAULTS,
    logger: () => {},
  };
}

interface Bound {
  readonly min: number;
  readonly max: number;
}

/** Every numeric option and its documented range. */
function bounds(segmentBytes: number): Readonly<Record<string, Bound>> {
  return {
    syncIntervalMs: { min: 1, max: 3_600_000 },
    segmentBytes: { min: 4 * KIB, max: SEGMENT_BYTES_MAX },
    preallocateBytes: { min: 0, max: SEGMENT_BYTES_MAX },
    retainHistoryMs: { min: 0, max: HISTORY_MS_MAX },
    maxKeyBytes: { min: 1, max: 65_535 },
    maxValueBytes: { min: 0, max: Math.floor(segmentBytes / 4) },
    maxBatchItems: { min: 1, max: 50_000 },
    maxBatchBytes: { min: 1, max: Math.floor(segmentBytes / 2) },
    maxRangeItems: { min: 1, max: 50_000 },
    maxRangeBytes: { min: 1, max: GIB },
    maxKeydirBytes: { min: 4 * MIB, max: Number.MAX_SAFE_INTEGER },
    cacheBytes: { min: 0, max: 4 * GIB - 1 },
    maxWriteQueueBytes: { min: 64 * KIB, max: GIB },
    maxOpenSegments: { min: 2, max: 65_535 },
    maxReadsInFlight: { min: 1, max: 1022 },
    maxJobs: { min: 1, max: 64 },
    ballastBytes: { min: 0, max: GIB },
  };
}

/**
 * Fills in defaults and checks ranges.
 * @throws CaskError INVALID_OPTION naming every option that is wrong and its range
 */
export function resolveStoreOptions(
  input: StoreOptionsInput,
  environment: Environment,
  memoryBytes: number,
): StoreOptions {
  const given = Object.fromEntries(
    Object.entries(input).filter(([, value]) => value !== undefined),
  );
  const options: StoreOptions = {
    ...defaults(input, memoryBytes),
    environment,
    ...given,
    merge: Object.freeze({ ...MERGE_DEFAULTS, ...input.merge }),
  };
  const problems: string[] = [];
  for (const [name, { min, max }] of Object.entries(bounds(options.segmentBytes))) {
    const value = options[name as keyof StoreOptions];
    assert(typeof value === 'number', `option ${name} is a number`);
    if (!Number.isInteger(value) || value < min || value > max) {
      problems.push(`${name} is ${value}, allowed are integers from ${min} to ${max}`);
    }
  }
  if (!['always', 'interval', 'os'].includes(options.durability)) {
    problems.push(`durability is ${options.durability}, allowed are always, interval, os`);
  }
  if (problems.length > 0) throw new CaskError('INVALID_OPTION', problems.join('; '));
  return Object.freeze(options);
}
