/** What the server says of itself: `server` in the reply to STATS. */

import type { OperationLatency } from './operation-latencies.ts';
import type { CounterStats } from './server-counters.ts';
import type { ServerServices } from './server-services.ts';

export interface ServerStats extends CounterStats {
  readonly startedAt: number;
  readonly uptimeMs: number;
  /** Requests that took `slowLogMs` or longer. */
  readonly slowRequests: number;
  /** By name of the operation; only those that were asked for. */
  readonly latency: Readonly<Record<string, OperationLatency>>;
  /** Of the process. */
  readonly memory: {
    readonly residentBytes: number;
    readonly heapBytes: number;
    /** Outside of the heap: buffers, keydir, cache. */
    readonly externalBytes: number;
  };
}

export function serverStats(services: ServerServices): ServerStats {
  const { counters, latencies, slowLog, startedAt } = services;
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    startedAt,
    uptimeMs: Math.max(0, Date.now() - startedAt),
    ...counters.snapshot(),
    slowRequests: slowLog.slowRequests,
    latency: latencies.snapshot(),
    memory: { residentBytes: rss, heapBytes: heapUsed, externalBytes: external },
  };
}
