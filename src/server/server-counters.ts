/** What the server counts: plain numbers that the hot path adds to. */

import type { ErrorCode } from '../errors/error-codes.ts';
import { OP_NAMES } from '../protocol/op-codes.ts';

/** A copy of the counters, part of STATS. */
export interface CounterStats {
  readonly connectionsOpen: number;
  readonly connectionsAccepted: number;
  readonly connectionsRejected: number;
  /** Closed by an operator. */
  readonly connectionsKilled: number;
  /** Closed because the client did not read its replies. */
  readonly slowConsumers: number;
  /** Handshakes of TLS that came to nothing. */
  readonly tlsFailures: number;
  /** Requests that were not done in time, by their own deadline or the server's. */
  readonly requestsLate: number;
  /** Streams that ended within a frame. */
  readonly truncatedStreams: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Of batches received. */
  readonly batchItems: number;
  /** Entries in pages and in replies to GET_MANY. */
  readonly replyItems: number;
  /** By name of the operation. */
  readonly requests: Readonly<Record<string, number>>;
  /** By code. */
  readonly errors: Readonly<Record<string, number>>;
}

export class ServerCounters {
  connectionsOpen = 0;
  connectionsAccepted = 0;
  connectionsRejected = 0;
  connectionsKilled = 0;
  slowConsumers = 0;
  tlsFailures = 0;
  requestsLate = 0;
  truncatedStreams = 0;
  bytesIn = 0;
  bytesOut = 0;
  batchItems = 0;
  replyItems = 0;
  /** By number of the operation. */
  readonly requests: number[] = OP_NAMES.map(() => 0);
  unknownRequests = 0;
  readonly #errors = new Map<ErrorCode, number>();

  countRequest(op: number): void {
    const count = this.requests[op];
    if (count === undefined) this.unknownRequests += 1;
    else this.requests[op] = count + 1;
  }

  countError(code: ErrorCode): void {
    this.#errors.set(code, (this.#errors.get(code) ?? 0) + 1);
  }

  snapshot(): CounterStats {
    const requests: Record<string, number> = { unknown: this.unknownRequests };
    OP_NAMES.forEach((name, op) => {
      if (name !== undefined) requests[name] = this.requests[op] ?? 0;
    });
    return {
      connectionsOpen: this.connectionsOpen,
      connectionsAccepted: this.connectionsAccepted,
      connectionsRejected: this.connectionsRejected,
      connectionsKilled: this.connectionsKilled,
      slowConsumers: this.slowConsumers,
      tlsFailures: this.tlsFailures,
      requestsLate: this.requestsLate,
      truncatedStreams: this.truncatedStreams,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      batchItems: this.batchItems,
      replyItems: this.replyItems,
      requests,
      errors: Object.fromEntries(this.#errors),
    };
  }
}
