/** Figures of an open store: maintained counters, gathered without a scan. */

import type { DurationHistogram, DurationSummary } from '../vocabulary/duration-histogram.ts';
import type { JobStatus } from '../vocabulary/job-status.ts';
import type { LimitFigures } from '../vocabulary/limit-figure.ts';
import type { ScrubStatus } from '../vocabulary/scrub.ts';
import type { BackupStatus } from './backup/backups.ts';
import type { MergeStatus } from './merge/merger.ts';
import type { OpenReport } from './recovery/open-directory.ts';

export type StoreStatus = 'open' | 'read-only' | 'failed' | 'closing' | 'closed';

/** How the store is, at no cost: for probes that ask often. */
export interface StoreHealth {
  readonly status: StoreStatus;
  /** Ranges and counts are served. */
  readonly indexReady: boolean;
  /** Damage with unknown keys: merges are refused. */
  readonly degraded: boolean;
  /** Why puts, or all requests, are refused; undefined: they are served. */
  readonly reason: string | undefined;
}

/** What is timed: each fdatasync, write of a group, read from a file, and completed merge. */
export type TimedWork = 'sync' | 'write' | 'read' | 'merge';

export type StoreDurations = Readonly<Record<TimedWork, DurationHistogram>>;

/** A segment of the log. */
export interface SegmentFacts {
  readonly id: number;
  readonly kind: 'log' | 'merged';
  readonly state: 'planned' | 'prepared' | 'open' | 'sealed' | 'obsolete';
  readonly bytes: number;
  readonly liveBytes: number;
  /** What is written and no longer read. */
  readonly deadBytes: number;
  /** A merge is reading it. */
  readonly merging: boolean;
}

export interface StoreStats {
  readonly uuid: string;
  readonly status: StoreStatus;
  readonly durability: string;
  readonly keys: number;
  readonly indexReady: boolean;
  /** The last sequence given out, and the last one committed. */
  readonly lastRevision: number;
  readonly committedRevision: number;
  /** States from this revision on can be restored from a backup taken now. */
  readonly historyFloor: number;
  /** And states from this time on, ms since 1970; 0: it is not known which. */
  readonly historyFloorTime: number;
  readonly keydir: {
    /** All of it, the index included. */
    readonly bytes: number;
    readonly indexBytes: number;
    readonly maxBytes: number;
    /** Keys that were removed because they had expired. */
    readonly retired: number;
  };
  readonly cache: {
    readonly bytesMax: number;
    readonly entries: number;
    readonly hits: number;
    readonly misses: number;
  };
  readonly log: {
    readonly segments: number;
    readonly bytes: number;
    readonly liveBytes: number;
    readonly deadBytes: number;
    readonly sealedBytes: number;
    readonly sealedLiveBytes: number;
    readonly tombstoneBytes: number;
    readonly hintBytes: number;
    readonly preallocatedBytes: number;
    readonly ballastBytes: number;
    readonly openFiles: number;
  };
  readonly writes: {
    readonly queuedBytes: number;
    readonly groups: number;
    readonly syncs: number;
    readonly bytesWritten: number;
    readonly dirtyBytes: number;
  };
  readonly reads: {
    readonly fromDisk: number;
    readonly bytesFromDisk: number;
    readonly inFlight: number;
    readonly waiting: number;
    readonly corrupt: number;
    readonly failed: number;
  };
  /** Operations that held the event loop for more than 5 ms, by kind. */
  readonly longStalls: { readonly write: number; readonly sync: number; readonly read: number };
  readonly durations: Readonly<Record<TimedWork, DurationSummary>>;
  /** What the store holds, against what it may hold. */
  readonly limits: LimitFigures;
  readonly merge: MergeStatus;
  readonly backup: BackupStatus;
  readonly scrub: ScrubStatus;
  /** Those that run. */
  readonly jobs: readonly JobStatus[];
  readonly damage: readonly {
    readonly segment: number;
    readonly offset: number;
    readonly bytes: number;
    readonly firstSequence: number;
    readonly lastSequence: number;
  }[];
  readonly degraded: boolean;
  readonly opened: OpenReport;
}
