/**
 * All that the engine takes from the world: files, time, timers, randomness, other threads.
 * Production uses `node-environment.ts`; tests may put a simulated world in its place.
 */

import type { FileSystem } from './file-system.ts';

export interface Clock {
  /** Milliseconds since 1970 by the wall clock; may jump either way. */
  wallMs(): number;
  /** Milliseconds from an arbitrary start, with fractions; never goes back. */
  monotonicMs(): number;
}

/** A timer or task that can be called off. */
export interface Cancellable {
  cancel(): void;
}

export interface Scheduler {
  /** Runs `task` once the events of this turn of the loop have been handled. */
  endOfTurn(task: () => void): void;
  /** Runs `task` after `ms`. Does not keep the process alive. */
  after(ms: number, task: () => void): Cancellable;
}

export interface RandomSource {
  /** `count` unpredictable bytes. */
  bytes(count: number): Uint8Array;
}

/** A message between the engine's thread and a background job; structured-cloneable. */
export type JobMessage = Readonly<Record<string, unknown>>;

/** One end of the line between the engine and a background job. */
export interface JobPort {
  post(message: JobMessage): void;
  /** Sets the one listener. Messages that came before are delivered then. */
  onMessage(listener: (message: JobMessage) => void): void;
}

/** A running background job, seen from the engine. */
export interface JobHandle {
  readonly port: JobPort;
  /** Settles when the job ended by itself; rejects when it threw or its thread died. */
  readonly done: Promise<void>;
  /** Ends the job wherever it is; `done` settles soon after. */
  terminate(): Promise<void>;
}

/** Which function a background job runs; `merge/jobs.ts` has the table. */
export type JobName = 'merge' | 'build-hint' | 'backup' | 'scrub';

export interface JobHost {
  start(name: JobName, input: JobMessage): JobHandle;
}

export interface Environment {
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly random: RandomSource;
  readonly jobs: JobHost;
  /**
   * How often this process has had a device read for it so far. Absent where the system does not
   * count that.
   */
  readonly deviceReads?: () => number;
}

/** A promise that resolves at the end of this turn: the way to slice long work. */
export function nextTurn(scheduler: Scheduler): Promise<void> {
  return new Promise((resolve) => scheduler.endOfTurn(resolve));
}

/** A promise that resolves after `ms`. */
export function delay(scheduler: Scheduler, ms: number): Promise<void> {
  return new Promise((resolve) => {
    scheduler.after(ms, resolve);
  });
}
