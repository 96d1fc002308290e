/** Turns of the loop are real; timers fire when the test lets time pass. Can be stopped for good. */

import type { Cancellable, Scheduler } from '../../../src/storage/disk/environment.ts';

interface Timer {
  readonly dueMs: number;
  readonly task: () => void;
}

export class TestScheduler implements Scheduler {
  readonly #timers = new Set<Timer>();
  #nowMs = 0;
  #stopped = false;

  endOfTurn(task: () => void): void {
    setImmediate(() => {
      if (!this.#stopped) task();
    });
  }

  after(ms: number, task: () => void): Cancellable {
    const timer = { dueMs: this.#nowMs + ms, task };
    this.#timers.add(timer);
    return {
      cancel: () => {
        this.#timers.delete(timer);
      },
    };
  }

  /** Fires what falls due within `ms`, in order of time. */
  pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const next = this.#next();
      if (next === undefined || next.dueMs > endMs || this.#stopped) break;
      this.#timers.delete(next);
      this.#nowMs = next.dueMs;
      next.task();
    }
    this.#nowMs = endMs;
  }

  stop(): void {
    this.#stopped = true;
    this.#timers.clear();
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (next === undefined || timer.dueMs < next.dueMs) next = timer;
    }
    return next;
  }
}
