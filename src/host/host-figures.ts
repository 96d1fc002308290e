/** Figures of the process and its machine, as STATS has them. Null: the system does not tell. */

import type { DurationSummary } from '../vocabulary/duration-histogram.ts';
import type { CollectionKind } from './collection-times.ts';
import type { LoopLag } from './loop-lag.ts';

export interface ProcessFigures {
  readonly pid: number;
  /** Ms since 1970. */
  readonly startedAt: number;
  readonly uptimeMs: number;
  /** Of all threads. */
  readonly cpuUserMs: number;
  readonly cpuSystemMs: number;
  /** Of the thread that serves: near the time that passes, it is at its end. */
  readonly mainThreadCpuMs: number;
  /** Resident memory. */
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  readonly heapMaxBytes: number;
  /** Memory outside of the heap that objects of it hold. */
  readonly externalBytes: number;
  readonly arrayBufferBytes: number;
  /** Descriptors. */
  readonly openFiles: number | null;
  readonly openFilesMax: number | null;
}

/** Lags are those of the last 30 to 60 seconds, times those since the start. */
export interface EventLoopFigures extends LoopLag {
  readonly activeMs: number;
  readonly idleMs: number;
}

/** CPU times are those of all CPUs since the machine started. */
export interface SystemFigures {
  readonly cpus: number;
  readonly load1: number;
  readonly load5: number;
  readonly load15: number;
  readonly cpuUserMs: number | null;
  readonly cpuSystemMs: number | null;
  readonly cpuIowaitMs: number | null;
  readonly cpuIdleMs: number | null;
  readonly cpuStealMs: number | null;
  readonly memoryBytes: number;
  readonly memoryAvailableBytes: number;
}

export interface HostFigures {
  readonly process: ProcessFigures;
  readonly eventLoop: EventLoopFigures;
  /** Garbage collections by kind. */
  readonly collections: Readonly<Record<CollectionKind, DurationSummary>>;
  readonly system: SystemFigures;
}
