import { expect, test } from 'vitest';
import type { Scheduler } from '../../../src/storage/disk/environment.ts';
import { MergeTimer } from '../../../src/storage/merge/merge-timer.ts';
import type { MergeOptions } from '../../../src/storage/store-options.ts';

/** Timers that go off when they are told to. */
class Timers implements Scheduler {
  readonly waiting = new Map<object, { ms: number; task: () => void }>();

  endOfTurn(task: () => void): void {
    setImmediate(task);
  }

  after(ms: number, task: () => void) {
    const key = {};
    this.waiting.set(key, { ms, task });
    return { cancel: () => void this.waiting.delete(key) };
  }

  get intervals(): number[] {
    return [...this.waiting.values()].map(({ ms }) => ms);
  }

  goOff(): void {
    const due = [...this.waiting.values()];
    this.waiting.clear();
    for (const { task } of due) task();
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

function set(options: { automatic: boolean; checkIntervalMs: number }) {
  const timers = new Timers();
  const state = { looks: 0, open: true, errors: [] as unknown[] };
  const gate: { look: () => Promise<void> } = { look: () => Promise.resolve() };
  const timer = new MergeTimer({
    scheduler: timers,
    options: () => options as MergeOptions,
    look: () => {
      state.looks += 1;
      return gate.look();
    },
    isOpen: () => state.open,
    onError: (error) => state.errors.push(error),
  });
  return { timers, state, gate, timer, options };
}

test('looks again and again, each time as long after as the options say', async () => {
  const { timers, state, timer, options } = set({ automatic: true, checkIntervalMs: 10 });
  timer.restart();
  timers.goOff();
  options.checkIntervalMs = 20;
  await turn();
  expect(state.looks).toBe(1);
  expect(timers.intervals).toEqual([20]);
});

test('a change during a look neither starts a second timer nor is forgotten', async () => {
  const { timers, gate, timer, options } = set({ automatic: true, checkIntervalMs: 10 });
  const { promise, resolve } = Promise.withResolvers<void>();
  gate.look = () => promise;
  timer.restart();
  timers.goOff();
  options.checkIntervalMs = 30;
  timer.restart();
  expect(timers.intervals).toEqual([]);
  resolve();
  await turn();
  expect(timers.intervals).toEqual([30]);
});

test('off means no timer; so does the end', async () => {
  const { timers, state, timer, options } = set({ automatic: true, checkIntervalMs: 10 });
  timer.restart();
  options.automatic = false;
  timer.restart();
  expect(timers.intervals).toEqual([]);
  options.automatic = true;
  timer.restart();
  state.open = false;
  timers.goOff();
  timer.restart();
  expect(timers.intervals).toEqual([]);
  expect(state.looks).toBe(0);
});

test('a failure is told, and ends it', async () => {
  const { timers, state, gate, timer } = set({ automatic: true, checkIntervalMs: 10 });
  gate.look = () => Promise.reject(new Error('bad'));
  timer.restart();
  timers.goOff();
  await turn();
  expect(state.errors).toEqual([new Error('bad')]);
  expect(timers.intervals).toEqual([]);
});
