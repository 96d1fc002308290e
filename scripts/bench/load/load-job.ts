/** What the load generator is asked for and what it answers; both go between processes as JSON. */

import type { DurationSummary } from '../../../src/vocabulary/duration-histogram.ts';
import type { DriverKind } from './driver.ts';
import type { WorkloadName } from './ycsb.ts';

/** `fill` puts every key once; the others run for a time with keys drawn at random. */
export type LoadKind = 'put' | 'get' | 'range' | 'fill' | WorkloadName;

export interface LoadJob {
  readonly kind: LoadKind;
  readonly driver: DriverKind;
  readonly url: string;
  readonly connections: number;
  /** Requests in flight on each connection. */
  readonly depth: number;
  readonly keys: number;
  readonly valueBytes: number;
  /** Entries of a page, for `range`. */
  readonly pageItems: number;
  readonly warmUpMs: number;
  /** At most: the parent may say that it is over. */
  readonly measureMs: number;
  /** Requests a second at most, over all connections; 0: as many as are answered. */
  readonly perSecond: number;
}

/** Measuring begins now. */
export interface LoadBegun {
  readonly type: 'begun';
}

/** Each second of a fill. */
export interface LoadProgress {
  readonly type: 'progress';
  readonly requests: number;
  readonly seconds: number;
}

export interface LoadResult {
  readonly type: 'result';
  /** Requests answered. */
  readonly requests: number;
  readonly seconds: number;
  /** How long some of them took: all where one at a time is under way, else one of many. */
  readonly latency: DurationSummary;
}

export type LoadMessage = LoadBegun | LoadProgress | LoadResult;
