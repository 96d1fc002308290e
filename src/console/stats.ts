/** What the page shows of /v1/stats, and what follows from two answers of it. */

interface Summary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface Stats {
  readonly status: string;
  readonly durability: string;
  readonly keys: number;
  readonly degraded: boolean;
  readonly keydir: { readonly bytes: number; readonly maxBytes: number };
  readonly cache: { readonly hits: number; readonly misses: number; readonly bytesMax: number };
  readonly log: {
    readonly segments: number;
    readonly bytes: number;
    readonly liveBytes: number;
    readonly deadBytes: number;
  };
  readonly writes: { readonly bytesWritten: number; readonly syncs: number };
  readonly merge: MergeFacts;
  readonly limits: Readonly<Record<string, { readonly limit: number; readonly current?: number }>>;
  readonly server: {
    readonly uptimeMs: number;
    readonly connectionsOpen: number;
    readonly bytesIn: number;
    readonly bytesOut: number;
    readonly slowRequests: number;
    readonly requests: Readonly<Record<string, number>>;
    readonly latency: Readonly<Record<string, Summary & { readonly recent: Summary }>>;
  };
  readonly process?: { readonly rssBytes: number };
}

export interface MergeFacts {
  readonly state: 'idle' | 'copying' | 'installing';
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly paused: boolean;
  readonly runs: number;
  readonly failures: number;
  readonly lastError: string | null;
}

/** An answer, and when it came by the page's clock. */
export interface Sample {
  readonly atMs: number;
  readonly stats: Stats;
}

/** What happened between two samples, for each second. */
export interface Rates {
  readonly reads: number;
  readonly writes: number;
  readonly requests: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly bytesWritten: number;
  readonly cacheHits: number;
  readonly cacheMisses: number;
}

/** Milliseconds of the last 10 to 20 seconds. */
export interface Latency {
  readonly operation: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const READS: ReadonlySet<string> = new Set(['GET', 'GET_MANY', 'EXISTS', 'COUNT', 'RANGE']);
const NEITHER: ReadonlySet<string> = new Set([
  ...['unknown', 'HELLO', 'PING', 'STATS', 'MERGE', 'CANCEL', 'AUTH', 'CLIENTS', 'SLOW_LOG'],
  ...['CONFIG', 'BACKUP', 'SCRUB', 'JOBS', 'SYNC'],
]);

export function kindOf(operation: string): 'read' | 'write' | 'other' {
  if (READS.has(operation)) return 'read';
  return NEITHER.has(operation) ? 'other' : 'write';
}

/** Undefined: the daemon was started anew in between, or no time has gone by. */
export function ratesBetween(before: Sample, after: Sample): Rates | undefined {
  const seconds = (after.atMs - before.atMs) / 1000;
  if (seconds <= 0 || after.stats.server.uptimeMs < before.stats.server.uptimeMs) return undefined;
  const rate = (figure: (stats: Stats) => number): number =>
    Math.max(0, figure(after.stats) - figure(before.stats)) / seconds;
  const ofKind = (kind: string) => (stats: Stats) =>
    Object.entries(stats.server.requests).reduce(
      (sum, [name, count]) => (kindOf(name) === kind ? sum + count : sum),
      0,
    );
  const reads = rate(ofKind('read'));
  const writes = rate(ofKind('write'));
  return {
    reads,
    writes,
    requests: reads + writes + rate(ofKind('other')),
    bytesIn: rate(({ server }) => server.bytesIn),
    bytesOut: rate(({ server }) => server.bytesOut),
    bytesWritten: rate(({ writes: { bytesWritten } }) => bytesWritten),
    cacheHits: rate(({ cache }) => cache.hits),
    cacheMisses: rate(({ cache }) => cache.misses),
  };
}

/** Of the operation of this kind that was asked for most of late: quantiles cannot be added. */
export function latencyOf({ server }: Stats, kind: 'read' | 'write'): Latency | undefined {
  const [busiest] = Object.entries(server.latency)
    .filter(([name, { recent }]) => kindOf(name) === kind && recent.count > 0)
    .sort(([, a], [, b]) => b.recent.count - a.recent.count);
  if (busiest === undefined) return undefined;
  const [operation, { recent }] = busiest;
  return { operation, p50Ms: recent.p50Ms, p99Ms: recent.p99Ms };
}
