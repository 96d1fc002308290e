/** `import { openStore } from 'caskd/store'`: the embeddable store. */

export { CaskError } from '../errors/cask-error.ts';
export type { ErrorCode } from '../errors/error-codes.ts';
export type { BackupResult } from '../vocabulary/backup.ts';
export type {
  BatchItem,
  BatchItemResult,
  Bytes,
  CounterResult,
  DeleteOptions,
  DeleteRangeOptions,
  DeleteRangeResult,
  EntryMeta,
  KeyRange,
  ProgressListener,
  PutOptions,
  RangeOptions,
  TouchOptions,
  WorkOptions,
  WriteCondition,
} from '../vocabulary/entry.ts';
export type { JobState, JobStatus } from '../vocabulary/job-status.ts';
export type { ScrubResult, ScrubStatus } from '../vocabulary/scrub.ts';
export { expiringAt, TTL_KEEP, TTL_NONE } from '../vocabulary/write-arguments.ts';
export type { BackupOptions, BackupStatus } from './backup/backups.ts';
export type {
  CheckItem,
  DamagedEntry,
  Entry,
  KeyEntry,
  RangePage,
  StoreBatchItem,
} from './entry.ts';
export type { JobRegistry } from './jobs/job-registry.ts';
export type { MergeResult, MergeStatus } from './merge/merger.ts';
export type { Decision, Modifier } from './modifier.ts';
export type { EntryView, PutOutcome, ReplySink } from './reply-sink.ts';
export type { ScrubOptions } from './scrub/scrubber.ts';
export type { Session } from './session.ts';
export { openStore, Store, type WalkOptions } from './store.ts';
export type {
  Durability,
  MergeOptions,
  StoreChanges,
  StoreLogger,
  StoreOptions,
  StoreOptionsInput,
} from './store-options.ts';
export type { StoreStats } from './store-stats.ts';
