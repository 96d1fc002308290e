/** What routes see of the listener and of the daemon. */

import type { HostMonitor } from '../host/host-monitor.ts';
import type { CaskServer } from '../server/index.ts';
import type { ServedStore } from '../server/served-store.ts';
import type { StoreDurations, StoreStats } from '../storage/store-stats.ts';
import type { CallerSources } from './access/caller.ts';
import type { HttpCounters } from './http-counters.ts';
import type { HttpSettings } from './http-limits.ts';
import type { Readiness } from './readiness.ts';

/** A store that can be watched; the engine's `Store` has it. */
export interface ObservedStore extends ServedStore {
  stats(): StoreStats;
  readonly durations: StoreDurations;
}

/** What there is once the daemon serves. */
export interface Served {
  readonly store: ObservedStore;
  readonly server: CaskServer;
}

/** What there is from the start. */
export interface HttpSources {
  readonly version: string;
  readonly host: HostMonitor;
  /** Lines of the log so far. */
  readonly logLines: Readonly<Record<string, number>>;
  readiness(): Readiness;
}

export interface HttpContext {
  readonly sources: HttpSources;
  readonly counters: HttpCounters;
  readonly settings: HttpSettings;
  readonly access: CallerSources;
  /** Undefined while the store is loading. */
  readonly served: Served | undefined;
}
