/** What the load generator is asked for and what it answers; both go between processes as JSON. */

/** `fill` puts every key once; the others run for a time with keys drawn at random. */
export type LoadKind = 'put' | 'get' | 'range' | 'fill';

export interface LoadJob {
  readonly kind: LoadKind;
  readonly url: string;
  readonly connections: number;
  /** Requests in flight on each connection. */
  readonly depth: number;
  /** Number of keys, 17 bytes each. */
  readonly keys: number;
  readonly valueBytes: number;
  /** Entries of a page, for `range`. */
  readonly pageItems: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** Measuring begins now. */
export interface LoadBegun {
  readonly type: 'begun';
}

export interface LoadResult {
  readonly type: 'result';
  /** Requests answered. */
  readonly requests: number;
  readonly seconds: number;
}

export type LoadMessage = LoadBegun | LoadResult;
