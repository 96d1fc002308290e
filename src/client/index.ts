/** The client library: `import { connect } from 'caskd'`. */

export { CaskError, type ErrorDetails } from '../errors/cask-error.ts';
export type { ErrorCode } from '../errors/error-codes.ts';
export type { HelloReply, ServerLimits } from '../protocol/hello.ts';
export type { SettingFacts } from '../vocabulary/setting-facts.ts';
export type { BackoffOptions } from './backoff.ts';
export { CaskClient } from './cask-client.ts';
export type { ClientTlsOptions, ConnectOptions } from './client-options.ts';
export { connect } from './connect.ts';
export type { ClientEvents, ClientStatus, ReconnectingEvent } from './connection-keeper.ts';
export type {
  BatchItem,
  BatchItemResult,
  Bytes,
  CallOptions,
  ClientFacts,
  CounterResult,
  CountOptions,
  DamagedEntry,
  DeleteOptions,
  DeleteRangeOptions,
  DeleteRangeResult,
  DeleteResult,
  Encoding,
  Entry,
  EntryMeta,
  JobState,
  JobStatus,
  KeyEntry,
  KeyRange,
  MergeResult,
  MergeStatus,
  Output,
  Page,
  PageOptions,
  ProgressListener,
  PutOptions,
  PutResult,
  RangeBounds,
  RangeOptions,
  ReadOptions,
  RequestSize,
  SlowEntry,
  SlowLog,
  Stats,
  TouchOptions,
  WriteCondition,
} from './entry.ts';
export { type FetchedPage, RangeIterable } from './range-iterator.ts';
export type { ReplyTrace, RequestTrace } from './tracing.ts';
