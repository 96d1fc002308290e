/** What the HTTP listener counts. */

import { DurationHistogram } from '../vocabulary/duration-histogram.ts';

export class HttpCounters {
  connectionsOpen = 0;
  connectionsAccepted = 0;
  connectionsRejected = 0;
  /** Requests for keys and values without an answer. */
  inFlight = 0;
  /** By route and status. Bounded: routes are ours, and so are the statuses. */
  readonly #requests = new Map<string, RouteCount>();
  readonly #durations = new Map<string, DurationHistogram>();

  connectionOpened(): void {
    this.connectionsOpen += 1;
    this.connectionsAccepted += 1;
  }

  connectionClosed(): void {
    this.connectionsOpen -= 1;
  }

  connectionRejected(): void {
    this.connectionsRejected += 1;
  }

  answered(route: string, status: number, durationMs: number): void {
    const name = `${status} ${route}`;
    let count = this.#requests.get(name);
    if (count === undefined) {
      count = { route, status, requests: 0 };
      this.#requests.set(name, count);
    }
    count.requests += 1;
    let durations = this.#durations.get(route);
    if (durations === undefined) {
      durations = new DurationHistogram();
      this.#durations.set(route, durations);
    }
    durations.record(durationMs);
  }

  get requests(): readonly Readonly<RouteCount>[] {
    return [...this.#requests.values()];
  }

  /** By route. */
  get durations(): Readonly<Record<string, DurationHistogram>> {
    return Object.fromEntries(this.#durations);
  }
}

export interface RouteCount {
  readonly route: string;
  readonly status: number;
  requests: number;
}
