/**
 * A rate with a burst. It may be overdrawn: what is taken is known only when it is done, and then
 * the next has to wait until the debt is paid.
 */
export class TokenBucket {
  #tokens: number;
  #filledMs: number;

  /** Full at first. */
  constructor(burst: number, nowMs: number) {
    this.#tokens = burst;
    this.#filledMs = nowMs;
  }

  /** Until something may be taken; 0: now. The rate is per second. */
  waitMs(rate: number, burst: number, nowMs: number): number {
    this.#fill(rate, burst, nowMs);
    return this.#tokens > 0 ? 0 : (-this.#tokens / rate) * 1000 + 1;
  }

  take(tokens: number): void {
    this.#tokens -= tokens;
  }

  isFull(rate: number, burst: number, nowMs: number): boolean {
    this.#fill(rate, burst, nowMs);
    return this.#tokens >= burst;
  }

  #fill(rate: number, burst: number, nowMs: number): void {
    const brought = (Math.max(0, nowMs - this.#filledMs) * rate) / 1000;
    this.#tokens = Math.min(burst, this.#tokens + brought);
    this.#filledMs = nowMs;
  }
}
