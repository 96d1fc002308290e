/**
 * How long requests took, by operation: from the turn in which a request was parsed to the one in
 * which its reply was ready to leave. Shared by all connections of a server.
 */

import { OP_NAMES } from '../protocol/op-codes.ts';
import type { DurationHistogram, DurationSummary } from '../vocabulary/duration-histogram.ts';
import { RecentLatency } from './recent-latency.ts';

/** The figures of an operation, as STATS sends them. */
export interface OperationLatency extends DurationSummary {
  /** The same of the last 10 to 20 seconds. */
  readonly recent: DurationSummary;
}

const RENEW_MS = 10_000;
/** Where operations are counted that this version does not know. */
const UNKNOWN = 0;

export class OperationLatencies {
  /** By number of the operation; made when it is first seen. */
  readonly #byOp: (RecentLatency | undefined)[] = OP_NAMES.map(() => undefined);
  #renewedMs: number;

  constructor(nowMs: number) {
    this.#renewedMs = nowMs;
  }

  /** So many requests of an operation took so long. */
  record(op: number, ms: number, times: number): void {
    const latency = this.#byOp[op];
    if (latency === undefined) this.#recordFirst(op, ms, times);
    else latency.record(ms, times);
  }

  /** Called now and then: moves the window of recent figures on when it is time. */
  sweep(nowMs: number): void {
    if (nowMs - this.#renewedMs < RENEW_MS) return;
    this.#renewedMs = nowMs;
    for (const latency of this.#byOp) latency?.renew();
  }

  /** By name of the operation; those that were never asked for are left out. */
  snapshot(): Record<string, OperationLatency> {
    const snapshot: Record<string, OperationLatency> = {};
    for (const [name, latency] of this.#named()) {
      snapshot[name] = { ...latency.total.summary(), recent: latency.recent() };
    }
    return snapshot;
  }

  /** Since the start, by name of the operation; for a metrics exporter. */
  histograms(): Map<string, DurationHistogram> {
    return new Map(this.#named().map(([name, { total }]) => [name, total]));
  }

  #recordFirst(op: number, ms: number, times: number): void {
    const known = op < this.#byOp.length ? op : UNKNOWN;
    const latency = this.#byOp[known] ?? new RecentLatency();
    this.#byOp[known] = latency;
    latency.record(ms, times);
  }

  #named(): [string, RecentLatency][] {
    return this.#byOp.flatMap((latency, op) =>
      latency === undefined ? [] : [[OP_NAMES[op] ?? 'unknown', latency]],
    );
  }
}
