/**
 * What all connections hold together, and how often each limit was reached. Connections add to it
 * as they go; `limit-figures.ts` tells it.
 */

import { Gauge } from './gauge.ts';

export class ServerLoad {
  /** Connections that are served, and those of them that have not said who they are. */
  readonly connections = new Gauge();
  readonly unauthenticated = new Gauge();
  /** Requests without an answer. */
  readonly requests = new Gauge();
  /** Frames that are being assembled, and those that requests in flight hold on to. */
  readonly requestBytes = new Gauge();
  /** Replies that the kernel has not taken. */
  readonly outputBytes = new Gauge();
  /** Milliseconds that connections were not read from because of a rate. */
  throttledMs = 0;

  readonly #reached = new Map<string, number>();

  /** A limit made someone wait, was the reason of a refusal, or ended a connection. */
  reach(limitName: string): void {
    this.#reached.set(limitName, (this.#reached.get(limitName) ?? 0) + 1);
  }

  timesReached(limitName: string): number {
    return this.#reached.get(limitName) ?? 0;
  }
}
