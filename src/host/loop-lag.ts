/**
 * How late the event loop is: what a timer that should fire every 20 ms waits beyond that.
 *
 * The figures are those of the last 30 to 60 seconds, whoever asks and however often: two monitors
 * run, begun half a minute apart; the older one answers, and starts anew when it is a minute old.
 */

import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface LoopLag {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

type DelayMonitor = ReturnType<typeof monitorEventLoopDelay>;

const RESOLUTION_MS = 20;
const NS_PER_MS = 1e6;
/** How often the older monitor starts anew. */
const RENEW_MS = 30_000;

export class LoopLagMonitor {
  #older: DelayMonitor;
  #newer: DelayMonitor;
  readonly #renewal: NodeJS.Timeout;

  constructor() {
    this.#older = newMonitor();
    this.#newer = newMonitor();
    this.#renewal = setInterval(() => this.renew(), RENEW_MS).unref();
  }

  lag(): LoopLag {
    const histogram = this.#older;
    return {
      p50Ms: lagOf(histogram.percentile(50)),
      p99Ms: lagOf(histogram.percentile(99)),
      maxMs: lagOf(histogram.max),
    };
  }

  /** Forgets what is older than the last renewal. Called by itself every half minute. */
  renew(): void {
    const oldest = this.#older;
    this.#older = this.#newer;
    this.#newer = oldest;
    oldest.reset();
  }

  stop(): void {
    clearInterval(this.#renewal);
    this.#older.disable();
    this.#newer.disable();
  }
}

function newMonitor(): DelayMonitor {
  const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  monitor.enable();
  return monitor;
}

/** Node tells the whole time between two firings. */
function lagOf(betweenNs: number): number {
  return Math.max(0, betweenNs / NS_PER_MS - RESOLUTION_MS);
}
