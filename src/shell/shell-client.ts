/** What the shell needs of the client library; `Client` fits, and so do the fakes of the tests. */

import type { CaskError } from '../errors/cask-error.ts';
import type { BackupRequest, BackupResult } from '../vocabulary/backup.ts';
import type {
  BatchItem,
  BatchItemResult,
  CounterResult,
  DeleteRangeOptions,
  DeleteRangeResult,
  EntryMeta,
  KeyRange,
  PutOptions,
  RangeOptions,
  TouchOptions,
  WorkOptions,
} from '../vocabulary/entry.ts';
import type { ClientFacts, SlowEntry } from '../vocabulary/insight.ts';
import type { JobStatus } from '../vocabulary/job-status.ts';
import type { ScrubResult, ScrubStatus } from '../vocabulary/scrub.ts';
import type { SettingFacts } from '../vocabulary/setting-facts.ts';

/** An entry of a page. With keys only, and for a damaged record, `value` is missing. */
export interface ShellEntry {
  readonly key: Buffer;
  readonly value?: Buffer | undefined;
  readonly revision: number;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt?: number | undefined;
  /** Of its value, in a page of keys; undefined where the server does not tell. */
  readonly valueBytes?: number | undefined;
  readonly expiresAt?: number | undefined;
  /** The record could not be read. */
  readonly error?: CaskError | undefined;
}

export interface ShellPage {
  readonly entries: readonly ShellEntry[];
  readonly more: boolean;
}

export interface MergeStatus {
  readonly state: string;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly paused: boolean;
  readonly runs: number;
}

/** Options of one call. */
export interface CallOptions {
  /** 0: wait as long as it takes. */
  readonly timeoutMs?: number;
}

/** What the server remembers of requests that took long. */
export interface SlowLog {
  /** The newest first. */
  readonly entries: readonly SlowEntry[];
  readonly slowRequests: number;
}

export interface ShellClient {
  /** What the server said of itself. */
  readonly serverInfo?:
    | { readonly version: string; readonly limits: { readonly maxRangeItems: number } }
    | undefined;
  getEntry(key: Buffer): Promise<ShellEntry | undefined>;
  put(key: Buffer, value: Buffer, options?: PutOptions): Promise<EntryMeta>;
  delete(key: Buffer, options?: Omit<PutOptions, 'ifAbsent'>): Promise<boolean>;
  exists(key: Buffer): Promise<boolean>;
  incr(key: Buffer, by?: number | bigint): Promise<CounterResult>;
  getAndDelete(key: Buffer): Promise<Buffer | undefined>;
  ttl(key: Buffer): Promise<number | undefined>;
  touch(key: Buffer, options: TouchOptions): Promise<boolean>;
  persist(key: Buffer): Promise<boolean>;
  count(range?: KeyRange): Promise<number>;
  deleteRange(options: DeleteRangeOptions & WorkOptions): Promise<DeleteRangeResult>;
  batch(items: readonly BatchItem[]): Promise<readonly BatchItemResult[]>;
  rangePage(options: RangeOptions): Promise<ShellPage>;
  stats(): Promise<object>;
  clients(): Promise<readonly ClientFacts[]>;
  killClient(id: number): Promise<boolean>;
  jobs(): Promise<readonly JobStatus[]>;
  cancelJob(id: number): Promise<boolean>;
  slowLog(count?: number): Promise<SlowLog>;
  resetSlowLog(): Promise<number>;
  sync(options?: CallOptions): Promise<number>;
  merge(options?: CallOptions): Promise<object>;
  backup(request: BackupRequest, options?: CallOptions): Promise<BackupResult>;
  scrub(bytesPerSecond?: number, options?: CallOptions): Promise<ScrubResult>;
  scrubStatus(): Promise<ScrubStatus>;
  stopScrub(): Promise<boolean>;
  mergeStatus(): Promise<MergeStatus>;
  pauseMerge(): Promise<MergeStatus>;
  resumeMerge(): Promise<MergeStatus>;
  getConfig(name?: string): Promise<readonly SettingFacts[]>;
  setConfig(name: string, value: string): Promise<SettingFacts>;
  ping(): Promise<number>;
  /** Waits for what is underway. Never rejects. */
  close(): Promise<void>;
  /** Closes at once. */
  destroy(): void;
}
