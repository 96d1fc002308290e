/**
 * Loaded into a process before its program (`node --import`): watches how late its event loop is,
 * and writes that to a file of its own each time it gets SIGUSR2, then begins anew. The same in the
 * daemon and in an idle process, so that what the machine itself does to both can be taken off.
 */

import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';
import { type LoopFigures, loopFileOf } from './loop-figures.ts';

const RESOLUTION_MS = 1;
const NS_PER_MS = 1e6;

function watch(): void {
  const monitor = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  // Node tells the whole time between two firings
  const lagMs = (ns: number) => Math.max(0, ns / NS_PER_MS - RESOLUTION_MS);
  monitor.enable();
  process.on('SIGUSR2', () => {
    const figures: LoopFigures = {
      p50Ms: lagMs(monitor.percentile(50)),
      p99Ms: lagMs(monitor.percentile(99)),
      p9999Ms: lagMs(monitor.percentile(99.99)),
      maxMs: lagMs(monitor.max),
    };
    monitor.reset();
    const path = loopFileOf(process.pid);
    writeFileSync(`${path}.part`, JSON.stringify(figures));
    renameSync(`${path}.part`, path);
  });
}

if (isMainThread) watch();
