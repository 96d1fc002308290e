/**
 * Options of a store: documented, validated, and changed by `changeStoreOptions` alone. The parts
 * of a store share the one object; whoever acts on an option that is `live` in the table looks at
 * it each time, or is told by `Engine.reconfigure`.
 */

import { CaskError } from '../errors/cask-error.ts';
import {
  type DefaultFacts,
  defaultOf,
  type OptionProblem,
  type OptionSpec,
  problemsInWords,
  rangeProblems,
  standing,
} from '../vocabulary/option-spec.ts';
import type { Environment } from './disk/environment.ts';
import {
  defaultFacts,
  MERGE_OPTION_TABLE,
  STORE_OPTION_TABLE,
  storeRuleProblems,
} from './store-option-table.ts';

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
  /**
   * A segment is rolled before it grows past this. 4 KiB .. 4 GiB - 1.
   * @default 256 MiB, or an eighth of the memory granted if that is less, but at least 64 MiB
   */
  readonly segmentBytes: number;
  /** The active segment's file is extended by this much ahead of the log; 0: never. @default 16 MiB */
  readonly preallocateBytes: number;
  /** For durability `always`: that extension is filled with zeros, durably. @default true */
  readonly zeroAhead: boolean;
  /**
   * States of the store up to this old can be restored from a backup: merges keep what newer
   * writes superseded. Costs the space of it; segments are merged once they are older than this.
   * 0: merges keep what is current. @default 0
   */
  readonly retainHistoryMs: number;
  /** Bytes per second that a backup reads or copies at most; 0: no limit. @default 0 */
  readonly backupBytesPerSecond: number;
  /** Sealed segments are read for damage so often; 0: not by itself. @default 168, a week */
  readonly scrubIntervalHours: number;
  /** Bytes per second that a scrub reads at most; 0: no limit. @default 8 MiB */
  readonly scrubBytesPerSecond: number;
  /** 1 .. 65535. @default 65535 (or a quarter of `segmentBytes`) */
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
  /** What reads in the thread pool read into at a time; one is always read. @default 64 MiB */
  readonly maxReadBytesInFlight: number;
  /** Memory of pages from capture to handover; one page is always served. @default 64 MiB */
  readonly maxPageBytesInFlight: number;
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

/** The names in a table of the options that may change while the store is open. */
type LiveNames<T> = { [N in keyof T]: T[N] extends { readonly live: true } ? N : never }[keyof T];

/** What may change while the store is open. */
export type StoreChanges = Partial<Pick<StoreOptions, LiveNames<typeof STORE_OPTION_TABLE>>> & {
  readonly merge?: Partial<MergeOptions>;
};

/** The options that the table has, all of them: the compiler compares. */
type TableOptions = Omit<
  StoreOptions,
  'directory' | 'createIfMissing' | 'merge' | 'logger' | 'environment'
>;

/** The options of a table with their defaults. */
function defaultsOf<Name extends string>(
  table: Readonly<Record<Name, OptionSpec>>,
  facts: DefaultFacts,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries<OptionSpec>(table).map(([name, spec]) => [name, defaultOf(spec, facts)]),
  );
}

function problemsOf(options: StoreOptions): OptionProblem[] {
  const problems = [
    ...rangeProblems(STORE_OPTION_TABLE, { ...options }),
    ...rangeProblems(MERGE_OPTION_TABLE, { ...options.merge }, 'merge.'),
  ];
  return [...problems, ...standing(storeRuleProblems(options), problems)];
}

function checked(options: StoreOptions, more: readonly OptionProblem[] = []): StoreOptions {
  const problems = [...more, ...problemsOf(options)];
  if (problems.length > 0) throw new CaskError('INVALID_OPTION', problemsInWords(problems));
  return options;
}

/**
 * Fills in defaults and checks ranges.
 * @param memoryBytes what machine or cgroup grants
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
  const facts = defaultFacts(memoryBytes, input.segmentBytes);
  return checked({
    ...(defaultsOf<keyof TableOptions>(STORE_OPTION_TABLE, facts) as TableOptions),
    createIfMissing: true,
    logger: () => {},
    environment,
    ...given,
    directory: input.directory,
    merge: Object.freeze({
      ...(defaultsOf<keyof MergeOptions>(MERGE_OPTION_TABLE, facts) as unknown as MergeOptions),
      ...input.merge,
    }),
  });
}

/**
 * Changes some of the options, for all who share the object.
 * @throws CaskError INVALID_OPTION naming every change that is wrong; then nothing is changed
 */
export function changeStoreOptions(options: StoreOptions, changes: StoreChanges): void {
  const { merge: mergeChanges, ...others } = changes;
  const merge = Object.freeze({ ...options.merge, ...mergeChanges });
  const fixed = Object.keys(others)
    .filter((option) => !isLive(option))
    .map((option) => ({ option, problem: 'cannot change while the store is open' }));
  Object.assign(options, checked({ ...options, ...others, merge }, fixed));
}

function isLive(option: string): boolean {
  const table: Readonly<Record<string, OptionSpec>> = STORE_OPTION_TABLE;
  return table[option]?.live === true;
}
