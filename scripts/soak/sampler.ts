/** How the daemon is, every second: of its process by the system, of its store by itself. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { CaskClient } from '../../src/client/index.ts';
import { descriptorsOf, residentBytesOf } from '../process-figures.ts';

const EVERY_MS = 1000;

/** Where memory is, as the process itself sees it. */
export interface Heaps {
  readonly heapUsedBytes: number;
  /** What V8 has of the system for its heap, garbage included. */
  readonly heapTotalBytes: number;
  /** Outside of the heap, held by objects of it; array buffers included. */
  readonly externalBytes: number;
  readonly arrayBufferBytes: number;
}

/** What is used here of the reply to STATS. */
export interface StoreFigures {
  readonly keys: number;
  readonly log: {
    readonly liveBytes: number;
    readonly deadBytes: number;
    readonly openFiles: number;
  };
  readonly merge: { readonly runs: number };
  readonly server: {
    readonly connectionsOpen: number;
    readonly requests: Readonly<Record<string, number>>;
  };
  readonly eventLoop: { readonly p99Ms: number; readonly maxMs: number };
  readonly process: Heaps;
  readonly keydir: { readonly bytes: number };
  readonly cache: { readonly bytesMax: number };
  readonly limits: Readonly<Record<string, { readonly limit: number }>>;
}

export interface Sample extends Heaps {
  /** Since the start of the run. */
  readonly seconds: number;
  /** Which start of the daemon it is of, from 1. */
  readonly life: number;
  readonly residentBytes: number;
  /** Keydir, index and value cache, which live outside of the heap. */
  readonly storeBytes: number;
  readonly descriptors: number;
  readonly requestsPerSecond: number;
  readonly keys: number;
  readonly liveBytes: number;
  readonly deadBytes: number;
  readonly lagP99Ms: number;
  /** Of the prober, since the sample before; undefined: it had no answer. */
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
}

export interface Sampled {
  readonly pid: number;
  readonly life: number;
  readonly client: CaskClient;
  readonly takeDurations: () => number[];
}

export async function figuresOf(client: CaskClient): Promise<StoreFigures> {
  return (await client.stats()) as unknown as StoreFigures;
}

export class Sampler {
  readonly samples: Sample[] = [];
  readonly #startedAt = performance.now();
  #stop = new AbortController();
  #running: Promise<void> | undefined;

  start(sampled: Sampled): void {
    this.#stop = new AbortController();
    this.#running = this.#sampleOn(sampled, this.#stop.signal);
  }

  /** Never rejects; the daemon may be gone. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  get seconds(): number {
    return (performance.now() - this.#startedAt) / 1000;
  }

  async #sampleOn(sampled: Sampled, signal: AbortSignal): Promise<void> {
    let before: { readonly requests: number; readonly seconds: number } | undefined;
    while (!signal.aborted) {
      const figures = await figuresOf(sampled.client).catch(() => undefined);
      if (figures === undefined) return; // the connection is gone: a restart
      const now = { requests: requestsOf(figures), seconds: this.seconds };
      if (before !== undefined) {
        const rate = (now.requests - before.requests) / (now.seconds - before.seconds);
        const sample = await this.#sample(sampled, figures, now.seconds, rate);
        if (sample !== undefined) this.samples.push(sample);
      }
      before = now;
      await sleep(EVERY_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #sample(
    { pid, life, takeDurations }: Sampled,
    figures: StoreFigures,
    seconds: number,
    requestsPerSecond: number,
  ): Promise<Sample | undefined> {
    const took = takeDurations().sort((one, other) => one - other);
    const process = await Promise.all([residentBytesOf(pid), descriptorsOf(pid)]).catch(() => {});
    if (process === undefined) return undefined;
    const [residentBytes, descriptors] = process;
    const { heapUsedBytes, heapTotalBytes, externalBytes, arrayBufferBytes } = figures.process;
    return {
      ...{ heapUsedBytes, heapTotalBytes, externalBytes, arrayBufferBytes },
      storeBytes: figures.keydir.bytes + figures.cache.bytesMax,
      seconds,
      life,
      residentBytes,
      descriptors,
      requestsPerSecond,
      keys: figures.keys,
      liveBytes: figures.log.liveBytes,
      deadBytes: figures.log.deadBytes,
      lagP99Ms: figures.eventLoop.p99Ms,
      p50Ms: quantile(took, 0.5),
      p99Ms: quantile(took, 0.99),
    };
  }
}

function requestsOf({ server }: StoreFigures): number {
  return Object.values(server.requests).reduce((sum, count) => sum + count, 0);
}

/** @param sorted ascending */
export function quantile(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
