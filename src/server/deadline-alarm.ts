/**
 * Wakes the server for deadlines that are nearer than its next sweep: one timer, set for the
 * earliest of them.
 */

/** Deadlines this close together are looked at in one go. */
const TOGETHER_MS = 5;

export class DeadlineAlarm {
  readonly #sweepIntervalMs: () => number;
  readonly #expire: (nowMs: number) => number;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = Number.POSITIVE_INFINITY;

  /** @param expire answers what is too late. @returns when to look again, or Infinity */
  constructor(sweepIntervalMs: () => number, expire: (nowMs: number) => number) {
    this.#sweepIntervalMs = sweepIntervalMs;
    this.#expire = expire;
  }

  /** Something is due then. What the sweep will see in time is left to it. */
  set(dueMs: number, nowMs: number): void {
    if (dueMs >= this.#dueMs || dueMs - nowMs > this.#sweepIntervalMs()) return;
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    this.#timer = setTimeout(() => this.#ring(), Math.max(TOGETHER_MS, dueMs - nowMs));
    this.#timer.unref();
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#dueMs = Number.POSITIVE_INFINITY;
  }

  #ring(): void {
    const nowMs = performance.now();
    this.#dueMs = Number.POSITIVE_INFINITY;
    this.set(this.#expire(nowMs), nowMs);
  }
}
