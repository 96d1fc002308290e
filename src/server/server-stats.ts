/** What the server says of itself: `server` in the reply to STATS. */

import type { LimitFigures } from '../vocabulary/limit-figure.ts';
import { limitFigures } from './limit-figures.ts';
import type { OperationLatency } from './operation-latencies.ts';
import type { CounterStats } from './server-counters.ts';
import type { ServerServices } from './server-services.ts';

export interface ServerStats extends CounterStats {
  readonly startedAt: number;
  readonly uptimeMs: number;
  /** For how long connections were not read from because of a rate, summed over all. */
  readonly throttledMs: number;
  /** Requests that took `slowLogMs` or longer. */
  readonly slowRequests: number;
  /** By name of the operation; only those that were asked for. */
  readonly latency: Readonly<Record<string, OperationLatency>>;
}

export function serverStats(services: ServerServices): ServerStats {
  const { counters, load, latencies, slowLog, startedAt } = services;
  return {
    startedAt,
    uptimeMs: Math.max(0, Date.now() - startedAt),
    ...counters.snapshot(),
    throttledMs: Math.round(load.throttledMs),
    slowRequests: slowLog.slowRequests,
    latency: latencies.snapshot(),
  };
}

/** Of what the store says, what is completed here. */
interface StoreFacts {
  readonly limits?: LimitFigures;
}

/** All there is to tell: figures of the store, the server, the users, the process, the machine. */
export function allFacts(services: ServerServices): object {
  const { store, authenticator, hostFigures } = services;
  const who = authenticator === undefined ? {} : { authentication: authenticator.stats() };
  const facts: StoreFacts = store.stats();
  const limits = limitFigures(services, facts.limits ?? {});
  const server = serverStats(services);
  return { ...facts, limits, server, ...who, ...hostFigures?.figures() };
}
