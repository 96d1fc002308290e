/** The real world: Node's files, clocks, timers, randomness and worker threads. */

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { totalmem } from 'node:os';
import type { Cancellable, Clock, Environment, RandomSource, Scheduler } from './environment.ts';
import { WorkerJobHost } from './job-ports.ts';
import { NodeFileSystem } from './node-file-system.ts';

export const nodeClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};

export const nodeScheduler: Scheduler = {
  endOfTurn(task) {
    setImmediate(task);
  },
  after(ms, task): Cancellable {
    const timer = setTimeout(task, ms).unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

export const nodeRandom: RandomSource = {
  bytes: (count) => randomBytes(count),
};

/** The build does not rewrite this URL: the worker has the extension that this file has. */
function workerFile(): URL {
  const name = import.meta.url.endsWith('.ts') ? 'worker.ts' : 'worker.js';
  return new URL(`../merge/${name}`, import.meta.url);
}

/** Linux counts, where it is built to account for the I/O of tasks; then this file is there. */
const COUNTS_DEVICE_READS = existsSync('/proc/self/io');

export function createNodeEnvironment(): Environment {
  return {
    ...(COUNTS_DEVICE_READS ? { deviceReads: () => process.resourceUsage().fsRead } : {}),
    fs: new NodeFileSystem(),
    clock: nodeClock,
    scheduler: nodeScheduler,
    random: nodeRandom,
    jobs: new WorkerJobHost(workerFile()),
  };
}

/** Memory that this process may use: the machine's, or what its cgroup grants. */
export function grantedMemoryBytes(): number {
  const constrained = process.constrainedMemory(); // 0, or beyond the machine's: no limit
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
