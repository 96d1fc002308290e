/** A store in a directory of its own, and the world around it in the hands of the test. */

import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Environment } from '../../../src/storage/disk/environment.ts';
import { createNodeEnvironment } from '../../../src/storage/disk/node-environment.ts';
import { openStore, type Store } from '../../../src/storage/store.ts';
import type { StoreOptionsInput } from '../../../src/storage/store-options.ts';
import { GatedFileSystem } from './gated-file-system.ts';
import { Gates } from './gates.ts';
import { InlineJobs } from './inline-jobs.ts';
import { SteppedClock, SteppedScheduler } from './stepped-time.ts';

/** So many turns without a file operation in flight count as quiet. */
const QUIET_TURNS = 25;
/** A store that a failed test left hanging is not waited for. */
const CLOSE_MS_MAX = 1000;

/** By default merges come by hand, and no ballast is written. */
const DEFAULTS: Partial<StoreOptionsInput> = {
  ballastBytes: 0,
  cacheBytes: 0,
  preallocateBytes: 0,
  merge: { automatic: false },
};

export interface LoggedEvent {
  readonly event: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

export class Stage {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'caskd-regression-'));
  readonly gates: Gates = new Gates();
  readonly clock: SteppedClock = new SteppedClock();
  readonly scheduler: SteppedScheduler = new SteppedScheduler(this.clock);
  readonly jobs: InlineJobs = new InlineJobs();
  readonly events: LoggedEvent[] = [];
  readonly environment: Environment;
  readonly #stores: Store[] = [];
  #images = 0;
  #isOver = false;

  /** @param withThreads jobs run in worker threads, which see no gates */
  constructor(withThreads = false) {
    const node = createNodeEnvironment();
    this.environment = {
      fs: new GatedFileSystem(node.fs, this.gates),
      clock: this.clock,
      scheduler: this.scheduler,
      random: node.random,
      jobs: withThreads ? node.jobs : this.jobs,
    };
    this.jobs.environment = this.environment;
    onTestFinished(() => this.#dispose());
  }

  get path(): string {
    return join(this.directory, 'store');
  }

  async open(options: Partial<StoreOptionsInput> = {}): Promise<Store> {
    const store = await openStore({
      ...DEFAULTS,
      directory: this.path,
      environment: this.environment,
      logger: (_level, event, facts) => this.events.push({ event, facts }),
      ...options,
    });
    this.#stores.push(store);
    await store.whenIndexReady();
    return store;
  }

  /** What a kill at this moment leaves: a copy of the directory. */
  image(): string {
    this.#images += 1;
    const image = join(this.directory, `image-${this.#images}`);
    cpSync(this.path, image, { recursive: true });
    return image;
  }

  files(pattern: RegExp): string[] {
    return readdirSync(this.path)
      .filter((name) => pattern.test(name))
      .sort();
  }

  /** Waits, over turns of the loop, for as long as the test is not given up. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#nextTurn();
  }

  async #nextTurn(): Promise<void> {
    if (this.#isOver) throw new Error('the test is over');
    await turn();
  }

  /** Resolves when no file operation is under way but those that wait at a gate. */
  async quiet(): Promise<void> {
    for (let turns = 0; turns < QUIET_TURNS; turns += 1) {
      await this.#nextTurn();
      if (this.gates.inFlight > this.gates.waiting) turns = -1;
    }
  }

  /** Steps a held scheduler until the condition holds. */
  async stepUntil(condition: () => boolean): Promise<void> {
    while (!condition()) {
      this.scheduler.step();
      await this.#nextTurn();
    }
  }

  async #dispose(): Promise<void> {
    this.#isOver = true;
    this.scheduler.release();
    const closed = Promise.allSettled(this.#stores.map((store) => store.close()));
    const timer = Promise.withResolvers<void>();
    setTimeout(timer.resolve, CLOSE_MS_MAX).unref();
    await Promise.race([closed, timer.promise]);
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** A turn of the real event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
