/**
 * Builds the sorted index after a load, in slices, while keys come and go.
 *
 * In this order: tombstones leave the hash; unsorted runs are sorted; the runs are merged into
 * the bulk loader; what was removed and added meanwhile is caught up with, and the index is
 * ready; the blocks of what was removed are freed. Until then the block of a removed entry is
 * only flagged dead: runs and nodes may still name it, and its key is still compared.
 */

import { BulkLoader } from './bulk-loader.ts';
import type { EntryBlocks } from './entry-blocks.ts';
import { LoadRuns } from './load-runs.ts';
import { RefVector } from './ref-vector.ts';
import { RunMerge } from './run-merge.ts';
import type { SortedIndex } from './sorted-index.ts';

/** Costs in units of one merged reference, about 0.4 us. */
const TOMBSTONE_COST = 2;
const CATCH_UP_COST = 6;

/** What the build asks of the keydir. */
export interface IndexBuildOwner {
  /** Takes a tombstone out of the hash. False: it was not there. */
  dropTombstone(ref: number): boolean;
  /** Gives the block of a dead entry back. */
  release(ref: number): void;
}

type Stage = 'tombstones' | 'sort' | 'open' | 'merge' | 'catchUp' | 'release' | 'done';

export class IndexBuild {
  readonly runs: LoadRuns;
  /** Entries that became tombstones while loading; some were revived since. */
  readonly tombstones = new RefVector();
  /** New keys since the load ended. */
  readonly #added = new RefVector();
  /** Entries flagged dead since the load ended; their blocks are in quarantine. */
  readonly #removed = new RefVector();
  readonly #entries: EntryBlocks;
  readonly #index: SortedIndex;
  readonly #owner: IndexBuildOwner;
  #stage: Stage = 'tombstones';
  #merge: RunMerge | undefined;
  #loader: BulkLoader | undefined;
  #tombstonesDone = 0;
  #addedDone = 0;
  #removedDone = 0;
  #released = 0;

  constructor(entries: EntryBlocks, index: SortedIndex, owner: IndexBuildOwner) {
    this.#entries = entries;
    this.#index = index;
    this.#owner = owner;
    this.runs = new LoadRuns(entries);
  }

  /** The index is complete; changes go to it, and freed blocks may be reused. */
  get isReady(): boolean {
    return this.#stage === 'release' || this.#stage === 'done';
  }

  get isDone(): boolean {
    return this.#stage === 'done';
  }

  /** Keys that are still to be inserted one by one. */
  get addedCount(): number {
    return this.#added.length - this.#addedDone;
  }

  get bytesUsed(): number {
    const vectors = this.tombstones.bytesUsed + this.#added.bytesUsed + this.#removed.bytesUsed;
    return vectors + this.runs.refs.bytesUsed;
  }

  /** A key that the runs do not have was added. Not once ready. */
  entryAdded(ref: number): void {
    this.#added.push(ref);
  }

  /** An entry left the hash and was flagged dead. Not once ready. */
  entryRemoved(ref: number): void {
    this.#removed.push(ref);
  }

  /** Works for about `budget` merged references (0.4 us each); true when all is done. */
  step(budget: number): boolean {
    let left = budget;
    while (left > 0 && this.#stage !== 'done') left = this.#stageStep(left);
    return this.isDone;
  }

  #stageStep(budget: number): number {
    switch (this.#stage) {
      case 'tombstones':
        return this.#dropTombstones(budget);
      case 'sort': {
        const left = this.runs.sortStep(budget);
        if (left > 0) this.#stage = 'open';
        return left;
      }
      case 'open': {
        this.#merge ??= new RunMerge(this.#entries, this.runs);
        const left = this.#merge.openStep(budget);
        if (left > 0) this.#stage = 'merge';
        return left;
      }
      case 'merge':
        return this.#mergeRuns(budget);
      case 'catchUp':
        return this.#catchUp(budget);
      default:
        return this.#releaseRemoved(budget);
    }
  }

  #dropTombstones(budget: number): number {
    let left = budget;
    while (this.#tombstonesDone < this.tombstones.length) {
      if (left <= 0) return 0;
      const ref = this.tombstones.get(this.#tombstonesDone++);
      if (this.#entries.isDead(ref) && this.#owner.dropTombstone(ref)) this.#removed.push(ref);
      left -= TOMBSTONE_COST;
    }
    this.tombstones.clear();
    this.#tombstonesDone = 0;
    this.#stage = 'sort';
    return left;
  }

  #mergeRuns(budget: number): number {
    const merge = this.#merge as RunMerge;
    this.#loader ??= new BulkLoader(this.#index);
    for (let left = budget; left > 0; left--) {
      const ref = merge.next();
      if (ref !== 0) {
        this.#loader.add(ref);
        continue;
      }
      this.#loader.finish();
      this.#loader = undefined;
      this.#merge = undefined;
      this.runs.refs.clear();
      this.#stage = 'catchUp';
      return left;
    }
    return 0;
  }

  /** Removals first: a key may have been removed and added again. */
  #catchUp(budget: number): number {
    let left = budget;
    for (; this.#removedDone < this.#removed.length; left -= CATCH_UP_COST) {
      if (left <= 0) return 0;
      this.#index.remove(this.#removed.get(this.#removedDone++));
    }
    for (; this.#addedDone < this.#added.length; left -= CATCH_UP_COST) {
      if (left <= 0) return 0;
      const ref = this.#added.get(this.#addedDone++);
      if (!this.#entries.isDead(ref)) this.#index.insert(ref);
    }
    this.#added.clear();
    this.#addedDone = 0;
    this.#stage = 'release';
    return left;
  }

  #releaseRemoved(budget: number): number {
    let left = budget;
    for (; this.#released < this.#removed.length; left--) {
      if (left <= 0) return 0;
      this.#owner.release(this.#removed.get(this.#released++));
    }
    this.#removed.clear();
    this.#stage = 'done';
    return left;
  }
}
