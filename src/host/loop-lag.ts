/**
 * How late the event loop is: what a timer that should fire every 20 ms waits beyond that.
 *
 * The figures are those of the last 30 to 60 seconds, whoever asks and however often: of the half
 * minute that goes on and of the one before, whichever was worse.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface LoopLag {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Every firing wakes an idle process; a stall shorter than this may go unseen. */
const RESOLUTION_MS = 20;
const NS_PER_MS = 1e6;
/** How long a window is. */
const WINDOW_MS = 30_000;

const NONE: LoopLag = { p50Ms: 0, p99Ms: 0, maxMs: 0 };

export class LoopLagMonitor {
  readonly #monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  /** Of the window before. */
  #before = NONE;
  readonly #renewal: NodeJS.Timeout;

  constructor() {
    this.#monitor.enable();
    this.#renewal = setInterval(() => this.renew(), WINDOW_MS).unref();
  }

  lag(): LoopLag {
    const now = this.#now();
    const before = this.#before;
    return {
      p50Ms: Math.max(now.p50Ms, before.p50Ms),
      p99Ms: Math.max(now.p99Ms, before.p99Ms),
      maxMs: Math.max(now.maxMs, before.maxMs),
    };
  }

  /** Begins a window. Called by itself every half minute. */
  renew(): void {
    this.#before = this.#now();
    this.#monitor.reset();
  }

  stop(): void {
    clearInterval(this.#renewal);
    this.#monitor.disable();
  }

  #now(): LoopLag {
    return {
      p50Ms: lagOf(this.#monitor.percentile(50)),
      p99Ms: lagOf(this.#monitor.percentile(99)),
      maxMs: lagOf(this.#monitor.max),
    };
  }
}

/** Node tells the whole time between two firings. */
function lagOf(betweenNs: number): number {
  return Math.max(0, betweenNs / NS_PER_MS - RESOLUTION_MS);
}
