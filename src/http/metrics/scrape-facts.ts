/** Everything that a scrape looks at, gathered once: copies of counters that others maintain. */

import type { CollectionKind } from '../../host/collection-times.ts';
import type { HostFigures } from '../../host/host-figures.ts';
import type { AuthenticationStats } from '../../security/index.ts';
import type { ServerStats } from '../../server/index.ts';
import type { StoreDurations, StoreStats } from '../../storage/store-stats.ts';
import type { DurationHistogram } from '../../vocabulary/duration-histogram.ts';
import type { LimitFigures } from '../../vocabulary/limit-figure.ts';
import type { HttpCounters } from '../http-counters.ts';
import type { Readiness } from '../readiness.ts';

export interface ServedFacts {
  readonly store: StoreStats;
  readonly durations: StoreDurations;
  readonly server: ServerStats;
  /** Undefined: nobody is asked who they are. */
  readonly authentication: AuthenticationStats | undefined;
  /** Of server and store. */
  readonly limits: LimitFigures;
  /** Of requests, by operation. */
  readonly latencies: ReadonlyMap<string, DurationHistogram>;
}

export interface ScrapeFacts {
  readonly version: string;
  readonly readiness: Readiness;
  readonly host: HostFigures;
  readonly collections: Readonly<Record<CollectionKind, DurationHistogram>>;
  readonly logLines: Readonly<Record<string, number>>;
  readonly http: HttpCounters;
  readonly httpMaxConnections: number;
  /** Undefined until the daemon serves. */
  readonly served: ServedFacts | undefined;
}
