/** The store under test, in a world that can be killed and begun anew on the same files. */

import { readdirSync, rmSync } from 'node:fs';
import type { Store, StoreOptionsInput } from '../../src/storage/index.ts';
import { TestClock } from '../crash/world/test-clock.ts';
import { World } from '../crash/world/world.ts';

const OPTIONS: Partial<StoreOptionsInput> = {
  segmentBytes: 8192,
  cacheBytes: 4096,
  maxOpenSegments: 2,
  maxRangeBytes: 2000,
};

export class Subject {
  readonly clock = new TestClock();
  readonly directory: string;
  world: World;
  #store: Store | undefined;
  readonly #preallocateBytes: number;

  constructor(directory: string, preallocateBytes: number) {
    this.directory = directory;
    this.#preallocateBytes = preallocateBytes;
    this.world = new World({ clock: this.clock });
  }

  get store(): Store {
    return this.#store as Store;
  }

  async open(): Promise<void> {
    this.world = new World({ clock: this.clock });
    const options = { ...OPTIONS, preallocateBytes: this.#preallocateBytes };
    this.#store = await this.world.open(this.directory, options);
    await this.store.whenIndexReady();
  }

  async reopen(withHints: boolean): Promise<void> {
    await this.store.close();
    if (!withHints) {
      for (const name of readdirSync(this.directory)) {
        if (name.endsWith('.hint')) rmSync(`${this.directory}/${name}`);
      }
    }
    await this.open();
  }

  async kill(): Promise<void> {
    await this.world.bury();
    await this.open();
  }
}
