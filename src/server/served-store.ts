/** What the server needs of a store. The engine's `Store` has it; tests bring their own. */

import type { JobRegistry } from '../storage/jobs/job-registry.ts';
import type { ReplySink } from '../storage/reply-sink.ts';
import type { Session } from '../storage/session.ts';
import type { StoreOptions } from '../storage/store-options.ts';
import type { BackupRequest } from '../vocabulary/backup.ts';

/** The limits of the store that requests are checked against and HELLO tells. */
export type StoreLimits = Pick<
  StoreOptions,
  | 'maxKeyBytes'
  | 'maxValueBytes'
  | 'maxBatchItems'
  | 'maxBatchBytes'
  | 'maxRangeItems'
  | 'maxRangeBytes'
>;

/** Plain data, as MERGE and STATS send it. */
export type Facts = object;

export interface ServedStore {
  readonly options: StoreLimits;
  /** The store's identity, which clients are told. */
  readonly uuid: string;
  openSession(sink: ReplySink): Session;
  /** RANGE and COUNT answer LOADING before. */
  readonly indexReady: boolean;
  /** True: read nothing from clients for now. */
  readonly writeQueueIsLong: boolean;
  /** Calls the listener once, when the queue is short again. */
  onWriteQueueShort(listener: () => void): void;
  stats(): Facts;
  /** Long work: what runs and what ran. */
  readonly jobs: JobRegistry;
  /** Makes what is committed durable; gives the durable revision. */
  sync(): Promise<number>;
  merge(): Promise<Facts>;
  mergeStatus(): Facts;
  /** `directory` is absolute. */
  backup(options: BackupRequest & { readonly directory: string }): Promise<Facts>;
  scrub(options: { readonly bytesPerSecond: number | undefined }): Promise<Facts>;
  scrubStatus(): Facts;
  stopScrub(): boolean;
  pauseMerge(): void;
  resumeMerge(): void;
}
