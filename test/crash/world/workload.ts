/**
 * A seeded stretch of work on few keys and small segments: puts, deletes, batches, bursts in one
 * turn, merges alone and among writes, reopening. Notes everything in the journal.
 */

import { CaskError, type Store, type StoreOptionsInput } from '../../../src/storage/index.ts';
import type { Journal, ModelItem } from './journal.ts';
import { SeededRandom } from './seeded-random.ts';
import type { World } from './world.ts';

const KEYS = 14;

export interface WorkloadOptions {
  readonly seed: number;
  readonly steps: number;
  readonly open?: Partial<StoreOptionsInput>;
}

export class Workload {
  readonly #world: World;
  readonly #directory: string;
  readonly #journal: Journal;
  readonly #random: SeededRandom;
  readonly #options: WorkloadOptions;
  #store: Store | undefined;
  #values = 0;

  constructor(world: World, directory: string, journal: Journal, options: WorkloadOptions) {
    this.#world = world;
    this.#directory = directory;
    this.#journal = journal;
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
  }

  /** Runs to the end, or until the world does. */
  async run(): Promise<void> {
    await this.#open();
    for (let step = 0; step < this.#options.steps; step += 1) await this.#step();
    await this.#close();
  }

  async #open(): Promise<void> {
    this.#store = await this.#world.open(this.#directory, this.#options.open);
  }

  async #close(): Promise<void> {
    await this.#world.live((this.#store as Store).close());
  }

  async #step(): Promise<void> {
    const kind = this.#random.below(20);
    if (kind < 9) await this.#burst(1);
    else if (kind < 12) await this.#burst(2 + this.#random.below(6));
    else if (kind < 16) await this.#batch();
    else if (kind < 18) await this.#merge(this.#random.below(2) === 0);
    else if (kind < 19) await this.#world.live((this.#store as Store).sync());
    else {
      await this.#close();
      await this.#open();
    }
  }

  /** Several writes in one turn: one group, or more where the segment ends. */
  async #burst(count: number): Promise<void> {
    const asked = Array.from({ length: count }, () => this.#ask(this.#item()));
    await this.#world.live(Promise.all(asked));
  }

  async #batch(): Promise<void> {
    const items = Array.from({ length: 1 + this.#random.below(8) }, () => this.#item(400));
    const acknowledge = this.#journal.issue(items);
    const results = await this.#world.live((this.#store as Store).batch(items));
    for (const { revision } of results) this.#saw(revision ?? 0);
    if (results.some(({ revision }) => revision !== undefined)) acknowledge();
  }

  /** A merge takes in everything; writes may go on meanwhile. */
  async #merge(withWrites: boolean): Promise<void> {
    const merging = (this.#store as Store).merge();
    if (withWrites) {
      for (let write = 0; write < 4; write += 1) await this.#burst(1 + this.#random.below(3));
    }
    await this.#world.live(merging);
  }

  /** @param largest of the values: the items of a batch have to fit into half a segment */
  #item(largest = 1500): ModelItem {
    const key = `key-${this.#random.below(KEYS)}`;
    if (this.#random.below(3) === 0) return { type: 'delete', key };
    this.#values += 1;
    const padding =
      this.#random.below(4) === 0 ? this.#random.below(largest) : this.#random.below(60);
    return { type: 'put', key, value: `${key}=${this.#values}.${'x'.repeat(padding)}` };
  }

  async #ask(item: ModelItem): Promise<void> {
    const store = this.#store as Store;
    const acknowledge = this.#journal.issue([item]);
    if (item.type === 'put') {
      const { revision } = await store.put(item.key, item.value);
      this.#saw(revision);
    } else if (!(await store.delete(item.key))) {
      // Nothing was written: the answer says nothing of the writes before it.
      return;
    }
    if (this.#world.isDead) throw new CaskError('CLOSED', 'answered after the end of the world');
    acknowledge();
  }

  #saw(revision: number): void {
    this.#journal.revisionSeen = Math.max(this.#journal.revisionSeen, revision);
  }
}
