/** The one place for units, ranges and defaults of the store's options, and its rules on them. */

import type { DefaultFacts, OptionProblem, OptionSpec } from '../vocabulary/option-spec.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const HOUR_MS = 3_600_000;
/** Ten years. */
const HISTORY_MS_MAX = 10 * 366 * 24 * HOUR_MS;
export const SEGMENT_BYTES_MAX = 4 * GIB - 1;
/** More than any machine has; keeps sums of bytes far below 2^53. */
const MEMORY_BYTES_MAX = 16 * 1024 * GIB;

const SEGMENT_BYTES_DEFAULT = 256 * MIB;
/** With less than this, values of the usual limit do not fit. */
const SEGMENT_BYTES_DEFAULT_MIN = 64 * MIB;

/** A value takes at most this share of a segment, a batch at most that one. */
const VALUES_PER_SEGMENT = 4;
const BATCHES_PER_SEGMENT = 2;

const KEY_BYTES_MAX = 65_535;
const READS_MAX = 1022;

/** A hint is made in memory, which takes up to the size of its segment where values are small. */
function segmentBytesFor(memoryBytes: number): number {
  const share = Math.floor(memoryBytes / 8);
  return Math.max(SEGMENT_BYTES_DEFAULT_MIN, Math.min(SEGMENT_BYTES_DEFAULT, share));
}

/** @param segmentBytes undefined: the default */
export function defaultFacts(memoryBytes: number, segmentBytes?: number): DefaultFacts {
  return { memoryBytes, segmentBytes: segmentBytes ?? segmentBytesFor(memoryBytes) };
}

export const DURABILITIES = ['always', 'interval', 'os'] as const;

export const STORE_OPTION_TABLE = {
  durability: { type: 'choice', choices: DURABILITIES, default: 'always' },
  syncIntervalMs: {
    type: 'number',
    unit: 'ms',
    min: 1,
    max: HOUR_MS,
    default: 1000,
    live: true,
  },
  segmentBytes: {
    type: 'number',
    unit: 'bytes',
    min: 4 * KIB,
    max: SEGMENT_BYTES_MAX,
    default: {
      words: '256m, or an eighth of the memory granted if that is less, but at least 64m',
      of: ({ memoryBytes }) => segmentBytesFor(memoryBytes),
    },
  },
  preallocateBytes: {
    type: 'number',
    unit: 'bytes',
    min: 0,
    max: SEGMENT_BYTES_MAX,
    default: {
      words: '16m, or segmentBytes if that is less',
      of: ({ segmentBytes }) => Math.min(16 * MIB, segmentBytes),
    },
  },
  zeroAhead: { type: 'switch', default: true },
  retainHistoryMs: {
    type: 'number',
    unit: 'ms',
    min: 0,
    max: HISTORY_MS_MAX,
    default: 0,
    live: true,
  },
  backupBytesPerSecond: {
    type: 'number',
    unit: 'perSecond',
    min: 0,
    max: 1024 * GIB,
    default: 0,
    live: true,
  },
  scrubIntervalHours: {
    type: 'number',
    unit: 'count',
    min: 0,
    max: 10 * 366 * 24,
    default: 7 * 24,
    live: true,
  },
  scrubBytesPerSecond: {
    type: 'number',
    unit: 'perSecond',
    min: 0,
    max: 1024 * GIB,
    default: 8 * MIB,
    live: true,
  },
  maxKeyBytes: {
    type: 'number',
    unit: 'bytes',
    min: 1,
    max: KEY_BYTES_MAX,
    default: {
      words: '65535, or a quarter of segmentBytes if that is less',
      of: ({ segmentBytes }) =>
        Math.min(KEY_BYTES_MAX, Math.floor(segmentBytes / VALUES_PER_SEGMENT)),
    },
  },
  maxValueBytes: {
    type: 'number',
    unit: 'bytes',
    min: 0,
    max: Math.floor(SEGMENT_BYTES_MAX / VALUES_PER_SEGMENT),
    default: {
      words: '16m, or a quarter of segmentBytes if that is less',
      of: ({ segmentBytes }) => Math.min(16 * MIB, Math.floor(segmentBytes / VALUES_PER_SEGMENT)),
    },
  },
  maxBatchItems: { type: 'number', unit: 'count', min: 1, max: 50_000, default: 10_000 },
  maxBatchBytes: {
    type: 'number',
    unit: 'bytes',
    min: 1,
    max: Math.floor(SEGMENT_BYTES_MAX / BATCHES_PER_SEGMENT),
    default: {
      words: '32m, or half of segmentBytes if that is less',
      of: ({ segmentBytes }) => Math.min(32 * MIB, Math.floor(segmentBytes / BATCHES_PER_SEGMENT)),
    },
  },
  maxRangeItems: { type: 'number', unit: 'count', min: 1, max: 50_000, default: 10_000 },
  maxRangeBytes: { type: 'number', unit: 'bytes', min: 1, max: GIB, default: 4 * MIB },
  maxKeydirBytes: {
    type: 'number',
    unit: 'bytes',
    min: 4 * MIB,
    max: MEMORY_BYTES_MAX,
    default: {
      words: 'a quarter of the memory granted',
      of: ({ memoryBytes }) => Math.floor(memoryBytes / 4),
    },
  },
  cacheBytes: {
    type: 'number',
    unit: 'bytes',
    min: 0,
    max: 4 * GIB - 1,
    default: {
      words: 'a sixteenth of the memory granted, at most 256m',
      of: ({ memoryBytes }) => Math.min(256 * MIB, Math.floor(memoryBytes / 16)),
    },
    live: true,
  },
  maxWriteQueueBytes: {
    type: 'number',
    unit: 'bytes',
    min: 64 * KIB,
    max: GIB,
    default: 64 * MIB,
    live: true,
  },
  maxOpenSegments: {
    type: 'number',
    unit: 'count',
    min: 2,
    max: 65_535,
    default: 256,
    live: true,
  },
  maxReadsInFlight: {
    type: 'number',
    unit: 'count',
    min: 1,
    max: READS_MAX,
    default: {
      words: "twice the thread pool's size: 32",
      of: () =>
        Math.min(READS_MAX, 2 * Math.max(1, Number(process.env['UV_THREADPOOL_SIZE'] ?? 4))),
    },
  },
  maxReadBytesInFlight: {
    type: 'number',
    unit: 'bytes',
    min: MIB,
    max: MEMORY_BYTES_MAX,
    default: 64 * MIB,
  },
  maxPageBytesInFlight: {
    type: 'number',
    unit: 'bytes',
    min: MIB,
    max: MEMORY_BYTES_MAX,
    default: 64 * MIB,
  },
  maxJobs: { type: 'number', unit: 'count', min: 1, max: 64, default: 4, live: true },
  ballastBytes: { type: 'number', unit: 'bytes', min: 0, max: GIB, default: MIB },
} as const satisfies Record<string, OptionSpec>;

export const MERGE_OPTION_TABLE = {
  automatic: { type: 'switch', default: true, live: true },
  triggerDeadRatio: {
    type: 'number',
    unit: 'ratio',
    min: 0,
    max: 1,
    default: 0.5,
    live: true,
  },
  triggerDeadBytes: {
    type: 'number',
    unit: 'bytes',
    min: 1,
    max: SEGMENT_BYTES_MAX,
    default: 128 * MIB,
    live: true,
  },
  thresholdDeadRatio: {
    type: 'number',
    unit: 'ratio',
    min: 0,
    max: 1,
    default: 0.3,
    live: true,
  },
  smallSegmentBytes: {
    type: 'number',
    unit: 'bytes',
    min: 0,
    max: SEGMENT_BYTES_MAX,
    default: 8 * MIB,
    live: true,
  },
  smallSegmentCount: {
    type: 'number',
    unit: 'count',
    min: 2,
    max: 1_000_000,
    default: 8,
    live: true,
  },
  // At 1 a merge takes one segment at a time.
  inputBytesMax: {
    type: 'number',
    unit: 'bytes',
    min: 1,
    max: MEMORY_BYTES_MAX,
    default: 4 * GIB,
    live: true,
  },
  bytesPerSecond: {
    type: 'number',
    unit: 'perSecond',
    min: 0,
    max: 1024 * GIB,
    default: 0,
    live: true,
  },
  windowHours: { type: 'hours', default: undefined, live: true },
  checkIntervalMs: {
    type: 'number',
    unit: 'ms',
    min: 1,
    max: 24 * HOUR_MS,
    default: 10_000,
    live: true,
  },
} as const satisfies Record<string, OptionSpec>;

/** The options that the rules compare. */
export interface ComparedStoreOptions {
  readonly segmentBytes: number;
  readonly maxValueBytes: number;
  readonly maxBatchBytes: number;
}

/** What is wrong with options that are each within their range. */
export function storeRuleProblems(options: ComparedStoreOptions): OptionProblem[] {
  return [
    shareProblem(options, 'maxValueBytes', VALUES_PER_SEGMENT, 'a quarter'),
    shareProblem(options, 'maxBatchBytes', BATCHES_PER_SEGMENT, 'half'),
  ].filter((problem) => problem !== undefined);
}

function shareProblem(
  options: ComparedStoreOptions,
  option: 'maxValueBytes' | 'maxBatchBytes',
  perSegment: number,
  share: string,
): OptionProblem | undefined {
  const max = Math.floor(options.segmentBytes / perSegment);
  if (options[option] <= max) return undefined;
  const limit = `${share} of segmentBytes, ${max}`;
  const problem = `is ${options[option]}, allowed is at most ${limit}`;
  return { option, problem, related: ['segmentBytes'] };
}
