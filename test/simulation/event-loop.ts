/**
 * The one queue that everything in a simulated world happens in: timers, ends of turns, file
 * operations that settle, messages between threads. Time is virtual: it jumps from event to event.
 */

import type { Cancellable } from '../../src/storage/disk/environment.ts';

interface Event {
  readonly timeMs: number;
  readonly order: number;
  task: (() => void) | undefined;
}

/** More events than any workload needs: something goes round in circles. */
const EVENTS_MAX = 2_000_000;

/** Thrown when nothing is left to happen, or no end is in sight, and something is waited for. */
export class StuckError extends Error {
  override readonly name = 'StuckError';
}

export class EventLoop {
  nowMs = 0;
  #heap: Event[] = [];
  #order = 0;
  #events = 0;

  /** Runs the task after so many virtual milliseconds; equal times in the order of the calls. */
  after(delayMs: number, task: () => void): Cancellable {
    const event: Event = { timeMs: this.nowMs + delayMs, order: this.#order, task };
    this.#order += 1;
    this.#push(event);
    return {
      cancel: () => {
        event.task = undefined;
      },
    };
  }

  /** Time that passes while the thread is busy: a synchronous operation. */
  spend(ms: number): void {
    this.nowMs += ms;
  }

  /** Lets events happen, each followed by all that it set off, until the promise settles. */
  runUntil<T>(promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let isSettled = false;
      promise.then(
        (value) => {
          isSettled = true;
          resolve(value);
        },
        (thrown: unknown) => {
          isSettled = true;
          reject(thrown);
        },
      );
      // A tick that is asked for from a microtask runs when all microtasks have.
      const step = (): void => {
        if (isSettled) return;
        try {
          this.#runNext();
        } catch (thrown) {
          reject(thrown);
          return;
        }
        queueMicrotask(later);
      };
      const later = (): void => process.nextTick(step);
      queueMicrotask(later);
    });
  }

  /** Lets the world go on for so long. */
  runFor(ms: number): Promise<void> {
    return this.runUntil(new Promise((resolve) => this.after(ms, resolve)));
  }

  #runNext(): void {
    for (;;) {
      const event = this.#pop();
      if (event === undefined) throw new StuckError('nothing is left to happen');
      if (event.task === undefined) continue;
      this.#events += 1;
      if (this.#events > EVENTS_MAX) throw new StuckError(`no end after ${EVENTS_MAX} events`);
      this.nowMs = Math.max(this.nowMs, event.timeMs);
      event.task();
      return;
    }
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent] as Event)) break;
      heap[at] = heap[parent] as Event;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      const right = child + 1;
      if (right < heap.length && isBefore(heap[right] as Event, heap[child] as Event)) {
        child = right;
      }
      if (!isBefore(heap[child] as Event, last)) break;
      heap[at] = heap[child] as Event;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.timeMs < b.timeMs || (a.timeMs === b.timeMs && a.order < b.order);
}
