/**
 * A world for one run of a store: real files, a clock and timers that the test moves, jobs in
 * this thread. It can be killed at any operation, and operations can be made to fail.
 */

import type { Environment } from '../../../src/storage/disk/environment.ts';
import { nodeRandom } from '../../../src/storage/disk/node-environment.ts';
import { openStore, type Store, type StoreOptionsInput } from '../../../src/storage/index.ts';
import { InlineJobHost } from './inline-jobs.ts';
import { type Operation, systemError } from './operation.ts';
import { TestClock } from './test-clock.ts';
import { type Gate, TestFileSystem, type Verdict } from './test-file-system.ts';
import { TestScheduler } from './test-scheduler.ts';

/** Small segments, so that little data makes many; no ballast, no cache, no merges unasked. */
export const SMALL: Omit<StoreOptionsInput, 'directory'> = {
  segmentBytes: 8192,
  preallocateBytes: 1024,
  cacheBytes: 0,
  ballastBytes: 0,
  maxKeydirBytes: 64 << 20,
  merge: { automatic: false },
};

/** Decides about one operation: an error to fail with, or nothing. May hold it for a while. */
export type Fault = (operation: Operation) => Error | Promise<void> | undefined;

/** Between two operations on files there are a few turns at most. */
const QUIET_TURNS = 30;

export class Killed extends Error {
  override name = 'Killed';
}

export interface WorldOptions {
  readonly clock?: TestClock;
  /** See `TestClock`. */
  readonly tickMs?: number;
  /** The world ends when this operation is about to be done: 1 is the first. */
  readonly killAt?: number;
  /** How much of a write at which the world ends still goes to the file. */
  readonly tornShare?: number;
  /** Pass syncs on to the disk. */
  readonly withSyncs?: boolean;
}

export class World implements Gate {
  readonly clock: TestClock;
  readonly scheduler = new TestScheduler();
  readonly jobs = new InlineJobHost();
  readonly fs: TestFileSystem;
  readonly environment: Environment;
  /** Rejects with `Killed` when the world ends. */
  readonly death: Promise<never>;
  operations = 0;
  killAt: number;
  fault: Fault = () => undefined;
  isDead = false;
  lastOperation: Operation | undefined;
  readonly #tornShare: number;
  #inFlight = 0;
  #die: (error: Killed) => void = () => {};

  constructor(options: WorldOptions = {}) {
    this.clock = options.clock ?? new TestClock();
    this.clock.tickMs = options.tickMs ?? 0;
    this.killAt = options.killAt ?? Number.POSITIVE_INFINITY;
    this.#tornShare = options.tornShare ?? 0;
    this.fs = new TestFileSystem(this, options.withSyncs ?? false);
    this.death = new Promise((_, reject) => {
      this.#die = reject;
    });
    this.death.catch(() => {});
    const { fs, clock, scheduler, jobs } = this;
    this.environment = { fs, clock, scheduler, random: nodeRandom, jobs };
    this.jobs.environment = this.environment;
  }

  open(directory: string, options: Partial<StoreOptionsInput> = {}): Promise<Store> {
    const { environment } = this;
    return this.live(openStore({ ...SMALL, ...options, directory, environment }));
  }

  /** What the promise comes to, unless the world ends before. */
  live<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => {});
    return Promise.race([promise, this.death]);
  }

  pass(ms: number): void {
    this.clock.pass(ms);
    this.scheduler.pass(ms);
  }

  /** Resolves when nothing goes on any more, but for what a fault holds. */
  async settle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#inFlight > 0) quiet = 0;
    }
  }

  kill(): void {
    if (this.isDead) return;
    this.isDead = true;
    this.scheduler.stop();
    this.#die(new Killed(`killed at operation ${this.operations}`));
  }

  /** Waits for what is in the kernel's hands, then gives back what a dead process gives back. */
  async bury(): Promise<void> {
    this.kill();
    while (this.#inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
    await this.fs.releaseAll();
  }

  enterSync(operation: Operation): Verdict | undefined {
    const error = this.#decide(operation);
    if (error instanceof Promise) throw new Error('a synchronous operation cannot be held');
    if (error === undefined) return undefined;
    return { error, writtenShare: error instanceof Killed ? this.#takeTornShare(operation) : 0 };
  }

  async enter(operation: Operation): Promise<Verdict | undefined> {
    const decision = this.#decide(operation);
    if (decision instanceof Killed) {
      const writtenShare = this.#takeTornShare(operation);
      // `leave` never answers: the engine hears no more.
      if (writtenShare === 0) await never();
      this.#inFlight += 1;
      return { error: decision, writtenShare };
    }
    if (decision instanceof Promise) await decision;
    if (this.isDead) await never();
    this.#inFlight += 1;
    return decision instanceof Error ? { error: decision, writtenShare: 0 } : undefined;
  }

  async leave(): Promise<void> {
    this.#inFlight -= 1;
    if (this.isDead) await never();
  }

  #decide(operation: Operation): ReturnType<Fault> {
    if (this.isDead) return new Killed('dead already');
    this.operations += 1;
    this.lastOperation = operation;
    if (this.operations >= this.killAt) {
      this.kill();
      return new Killed('now');
    }
    return this.fault(operation);
  }

  /** Of the write at which the world ended; of those after it nothing is written. */
  #takeTornShare(operation: Operation): number {
    if (operation !== this.lastOperation || operation.kind !== 'write') return 0;
    this.lastOperation = undefined;
    return this.#tornShare;
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}

/** A fault that fails the `n`-th operation that matches, and `times` in all. */
export function failNth(
  n: number,
  code: string,
  matches: (operation: Operation) => boolean,
  times = 1,
): Fault {
  let seen = 0;
  return (operation) => {
    if (!matches(operation)) return undefined;
    seen += 1;
    return seen >= n && seen < n + times ? systemError(code, operation) : undefined;
  };
}
