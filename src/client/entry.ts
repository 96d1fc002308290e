/** What the client gives back, and the options of its calls. */

import type { CaskError } from '../errors/cask-error.ts';
import type {
  DeleteOptions as DeleteFields,
  DeleteRangeOptions as DeleteRangeFields,
  EntryMeta,
  KeyRange,
  ProgressListener,
  PutOptions as PutFields,
  RangeOptions as RangeFields,
  TouchOptions as TouchFields,
} from '../vocabulary/entry.ts';

import type { SlowEntry } from '../vocabulary/insight.ts';

export type { BackupRequest, BackupResult } from '../vocabulary/backup.ts';
export type {
  BatchItem,
  BatchItemResult,
  Bytes,
  CounterResult,
  DeleteRangeResult,
  EntryMeta,
  KeyRange,
  ProgressListener,
  WriteCondition,
} from '../vocabulary/entry.ts';
export type { ClientFacts, RequestSize, SlowEntry } from '../vocabulary/insight.ts';
export type { JobState, JobStatus } from '../vocabulary/job-status.ts';
export type { ScrubResult, ScrubStatus } from '../vocabulary/scrub.ts';

/** How keys and values come back. */
export type Encoding = 'buffer' | 'utf8';

/** Buffer or string, by the encoding. */
export type Output<E extends Encoding> = E extends 'utf8' ? string : Buffer;

export interface Entry<V = Buffer> extends EntryMeta {
  readonly key: V;
  readonly value: V;
  readonly error?: undefined;
}

/** An entry of a keys-only page; the time of the last change is not known there. */
export interface KeyEntry<V = Buffer> extends Omit<EntryMeta, 'updatedAt'> {
  readonly key: V;
  readonly value?: undefined;
  /** Length of the value. Undefined: the server is older than this. */
  readonly valueBytes?: number | undefined;
  readonly error?: undefined;
}

/** A key whose record the server could not read: `error` says why. */
export interface DamagedEntry<V = Buffer> extends Omit<EntryMeta, 'updatedAt'> {
  readonly key: V;
  readonly value?: undefined;
  readonly error: CaskError;
}

/** What a committed put did. */
export type PutResult = EntryMeta;

export interface DeleteResult {
  readonly deleted: boolean;
  /** Undefined: there was nothing to delete. */
  readonly revision: number | undefined;
}

/** Options that every call takes. */
export interface CallOptions {
  /** Settles the call when it aborts, whether or not the request has been sent. */
  readonly signal?: AbortSignal | undefined;
  /** Instead of the client's `requestTimeoutMs`; 0: none. */
  readonly timeoutMs?: number | undefined;
}

export interface ReadOptions<E extends Encoding> extends CallOptions {
  /** Instead of the client's `encoding`. */
  readonly encoding?: E | undefined;
}

/** Which keys are counted; without a bound, all. */
export interface CountOptions extends CallOptions, KeyRange {}

/** The signal asks the server to stop; the error then says how far it came. */
export interface DeleteRangeOptions extends CallOptions, DeleteRangeFields {
  readonly onProgress?: ProgressListener | undefined;
}

export interface PutOptions extends CallOptions, PutFields {}

export interface DeleteOptions extends CallOptions, DeleteFields {}

export interface TouchOptions extends CallOptions, TouchFields {}

/** Bounds of a range. Keys come in unsigned bytewise order. */
export type RangeBounds = Omit<RangeFields, 'limit'>;

export interface PageOptions<E extends Encoding> extends RangeBounds, ReadOptions<E> {
  /** Items of the page. @default 1000 */
  readonly limit?: number | undefined;
}

export interface RangeOptions<E extends Encoding> extends RangeBounds, ReadOptions<E> {
  /** Items in all. @default none */
  readonly limit?: number | undefined;
  /** Items that are fetched at a time. @default 1000 */
  readonly pageSize?: number | undefined;
}

/** One moment of the store: entries in order, and whether keys follow. */
export interface Page<T> {
  readonly entries: T[];
  readonly more: boolean;
}

export interface MergeResult {
  readonly inputs: number;
  readonly outputs: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  readonly ms: number;
}

export interface MergeStatus {
  readonly state: string;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly paused: boolean;
  readonly runs: number;
}

/** What the server remembers of requests that took long. */
export interface SlowLog {
  /** The newest first. */
  readonly entries: SlowEntry[];
  /** How many requests were slow since the start. */
  readonly slowRequests: number;
}

/** Figures of the server and its store, by name. */
export type Stats = Readonly<Record<string, unknown>>;
