/** What routes see of the listener and of the daemon. */

import type { HostMonitor } from '../host/host-monitor.ts';
import type { CaskServer } from '../server/index.ts';
import type { ServedStore } from '../server/served-store.ts';
import type { SegmentFacts, StoreDurations, StoreStats } from '../storage/store-stats.ts';
import type { CallerSources } from './access/caller.ts';
import type { HttpCounters } from './http-counters.ts';
import type { HttpSettings } from './http-limits.ts';
import type { JobOwners } from './job-owners.ts';
import { type StoreFront, stillLoading } from './kv/store-front.ts';
import type { Readiness } from './readiness.ts';

/** A store that can be watched; the engine's `Store` has it. */
export interface ObservedStore extends ServedStore {
  stats(): StoreStats;
  /** In the order of their ids, those after this one. */
  segments(after: number, limit: number): SegmentFacts[];
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
  readonly jobOwners: JobOwners;
  /** Undefined while the store is loading. */
  readonly served: Served | undefined;
  /** There as soon as `served` is. */
  readonly front: StoreFront | undefined;
}

/** @throws CaskError LOADING */
export function servedOf({ served }: Pick<HttpContext, 'served'>): Served {
  if (served !== undefined) return served;
  throw stillLoading();
}

/** @throws CaskError LOADING */
export function storeFrontOf({ front }: Pick<HttpContext, 'front'>): StoreFront {
  if (front !== undefined) return front;
  throw stillLoading();
}
