/** How long V8's garbage collections held the main thread, by kind. */

import { constants, type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';
import { DurationHistogram } from '../vocabulary/duration-histogram.ts';

export type CollectionKind = 'minor' | 'major' | 'incremental' | 'other';

const KINDS: ReadonlyMap<number | undefined, CollectionKind> = new Map([
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
]);

/** An entry of type `gc`. */
type CollectionEntry = PerformanceEntry & { readonly detail?: { readonly kind?: number } };

export class CollectionTimes {
  readonly byKind: Readonly<Record<CollectionKind, DurationHistogram>> = {
    minor: new DurationHistogram(),
    major: new DurationHistogram(),
    incremental: new DurationHistogram(),
    other: new DurationHistogram(),
  };
  readonly #observer: PerformanceObserver;

  constructor() {
    this.#observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as CollectionEntry[]) {
        this.byKind[KINDS.get(entry.detail?.kind) ?? 'other'].record(entry.duration);
      }
    });
    this.#observer.observe({ entryTypes: ['gc'] });
  }

  stop(): void {
    this.#observer.disconnect();
  }
}
