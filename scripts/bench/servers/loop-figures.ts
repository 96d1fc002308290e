/** How late an event loop was, and where a watched process tells it. */

import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface LoopFigures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p9999Ms: number;
  readonly maxMs: number;
}

export function loopFileOf(pid: number): string {
  return join(tmpdir(), `caskd-bench-loop-${pid}.json`);
}
