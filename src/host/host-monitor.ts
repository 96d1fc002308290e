/**
 * How this process and its machine are: CPU, memory, event loop, garbage collection, descriptors.
 * Asking costs microseconds; what has to be read from files is sampled in the background.
 */

import { availableParallelism, freemem, loadavg, totalmem } from 'node:os';
import { performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { CollectionTimes } from './collection-times.ts';
import type { HostFigures } from './host-figures.ts';
import { LoopLagMonitor } from './loop-lag.ts';
import {
  countOpenFiles,
  readCpuTimes,
  readOpenFilesMax,
  type SystemCpuTimes,
} from './proc-files.ts';

const SAMPLE_MS = 5000;
const MICROS_PER_MS = 1000;
const MS_PER_SECOND = 1000;

interface Sample {
  readonly openFiles?: number | undefined;
  readonly openFilesMax?: number | undefined;
  readonly cpu?: SystemCpuTimes | undefined;
  /** Over 1, 5 and 15 minutes. */
  readonly load: readonly number[];
  readonly memoryAvailableBytes: number;
}

/** What Node reads itself, at once: some tenths of a millisecond. */
function sampleNow(): Sample {
  return { load: loadavg(), memoryAvailableBytes: freemem() };
}

export class HostMonitor {
  readonly collections = new CollectionTimes();
  readonly #lag = new LoopLagMonitor();
  readonly #memoryBytes = totalmem();
  #sample: Sample = sampleNow();
  #sampling: Promise<void> | undefined;
  readonly #sampler: NodeJS.Timeout;

  constructor() {
    this.#sampler = setInterval(() => void this.sample(), SAMPLE_MS).unref();
    void this.sample();
  }

  /** Reads the files; called by itself every five seconds. */
  sample(): Promise<void> {
    this.#sampling ??= this.#read().finally(() => {
      this.#sampling = undefined;
    });
    return this.#sampling;
  }

  async #read(): Promise<void> {
    const [openFiles, openFilesMax, cpu] = await Promise.all([
      countOpenFiles(),
      readOpenFilesMax(),
      readCpuTimes(),
    ]);
    this.#sample = { ...sampleNow(), openFiles, openFilesMax, cpu };
  }

  figures(): HostFigures {
    const { openFiles, openFilesMax } = this.#sample;
    const { user, system } = process.cpuUsage();
    const thread = process.threadCpuUsage();
    const { rss, arrayBuffers } = process.memoryUsage();
    const heap = getHeapStatistics();
    const loop = performance.eventLoopUtilization();
    const uptimeMs = process.uptime() * MS_PER_SECOND;
    return {
      process: {
        pid: process.pid,
        startedAt: Math.round(Date.now() - uptimeMs),
        uptimeMs: Math.round(uptimeMs),
        cpuUserMs: user / MICROS_PER_MS,
        cpuSystemMs: system / MICROS_PER_MS,
        mainThreadCpuMs: (thread.user + thread.system) / MICROS_PER_MS,
        rssBytes: rss,
        heapUsedBytes: heap.used_heap_size,
        heapTotalBytes: heap.total_heap_size,
        heapMaxBytes: heap.heap_size_limit,
        externalBytes: heap.external_memory,
        arrayBufferBytes: arrayBuffers,
        openFiles: openFiles ?? null,
        openFilesMax: openFilesMax ?? null,
      },
      eventLoop: { ...this.#lag.lag(), activeMs: loop.active, idleMs: loop.idle },
      collections: {
        minor: this.collections.byKind.minor.summary(),
        major: this.collections.byKind.major.summary(),
        incremental: this.collections.byKind.incremental.summary(),
        other: this.collections.byKind.other.summary(),
      },
      system: this.#system(),
    };
  }

  #system(): HostFigures['system'] {
    const { cpu, load, memoryAvailableBytes } = this.#sample;
    const [load1 = 0, load5 = 0, load15 = 0] = load;
    return {
      cpus: availableParallelism(),
      load1,
      load5,
      load15,
      cpuUserMs: milliseconds(cpu?.user),
      cpuSystemMs: milliseconds(cpu?.system),
      cpuIowaitMs: milliseconds(cpu?.iowait),
      cpuIdleMs: milliseconds(cpu?.idle),
      cpuStealMs: milliseconds(cpu?.steal),
      memoryBytes: this.#memoryBytes,
      memoryAvailableBytes,
    };
  }

  stop(): void {
    clearInterval(this.#sampler);
    this.#lag.stop();
    this.collections.stop();
  }
}

function milliseconds(seconds: number | undefined): number | null {
  return seconds === undefined ? null : Math.round(seconds * MS_PER_SECOND);
}
