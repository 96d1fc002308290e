/** What the HTTP listener counts. */

import { DurationHistogram } from '../vocabulary/duration-histogram.ts';

export class HttpCounters {
  connectionsOpen = 0;
  connectionsAccepted = 0;
  connectionsRejected = 0;
  /** Requests for keys and values without an answer. */
  inFlight = 0;
  /** Bounded: routes are ours, and so are the statuses. */
  readonly #routes = new Map<string, RouteFigures>();

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
    let figures = this.#routes.get(route);
    if (figures === undefined) {
      figures = { durations: new DurationHistogram(), byStatus: new Map() };
      this.#routes.set(route, figures);
    }
    figures.byStatus.set(status, (figures.byStatus.get(status) ?? 0) + 1);
    figures.durations.record(durationMs);
  }

  get requests(): readonly RouteCount[] {
    return [...this.#routes].flatMap(([route, { byStatus }]) =>
      [...byStatus].map(([status, requests]) => ({ route, status, requests })),
    );
  }

  /** By route. */
  get durations(): Readonly<Record<string, DurationHistogram>> {
    return Object.fromEntries(
      [...this.#routes].map(([route, { durations }]) => [route, durations]),
    );
  }
}

interface RouteFigures {
  readonly durations: DurationHistogram;
  readonly byStatus: Map<number, number>;
}

export interface RouteCount {
  readonly route: string;
  readonly status: number;
  readonly requests: number;
}
