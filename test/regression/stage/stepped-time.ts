/** Time that passes when the test says so, and turns of the loop that it can hold back. */

import type { Cancellable, Clock, Scheduler } from '../../../src/storage/disk/environment.ts';

const START_MS = 1_800_000_000_000;

export class SteppedClock implements Clock {
  #passedMs = 0;
  #tickedMs = 0;
  /** Added at each look at the monotonic clock: how a slice comes to its end. */
  tickMs = 0;

  wallMs(): number {
    return START_MS + this.#passedMs;
  }

  monotonicMs(): number {
    this.#tickedMs += this.tickMs;
    return this.#passedMs + this.#tickedMs;
  }

  get passedMs(): number {
    return this.#passedMs;
  }

  pass(ms: number): void {
    this.#passedMs += ms;
  }
}

interface Timer {
  readonly dueMs: number;
  readonly task: () => void;
}

export class SteppedScheduler implements Scheduler {
  readonly #clock: SteppedClock;
  readonly #timers = new Set<Timer>();
  #held: (() => void)[] | undefined;

  constructor(clock: SteppedClock) {
    this.#clock = clock;
  }

  endOfTurn(task: () => void): void {
    if (this.#held === undefined) setImmediate(task);
    else this.#held.push(task);
  }

  after(ms: number, task: () => void): Cancellable {
    const timer: Timer = { dueMs: this.#clock.passedMs + ms, task };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }

  /** Lets time pass, and runs the timers that are due then, in their order. */
  elapse(ms: number): void {
    this.#clock.pass(ms);
    const due = [...this.#timers].filter(({ dueMs }) => dueMs <= this.#clock.passedMs);
    for (const timer of due.sort((a, b) => a.dueMs - b.dueMs)) {
      if (this.#timers.delete(timer)) timer.task();
    }
  }

  /** From here on, tasks for the end of a turn wait. */
  hold(): void {
    this.#held ??= [];
  }

  get heldTasks(): number {
    return this.#held?.length ?? 0;
  }

  /** Runs the tasks that wait; those that they ask for wait again. */
  step(): void {
    for (const task of this.#held?.splice(0) ?? []) task();
  }

  release(): void {
    const tasks = this.#held ?? [];
    this.#held = undefined;
    for (const task of tasks) setImmediate(task);
  }
}
