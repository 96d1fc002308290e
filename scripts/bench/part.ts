/** One part of the benchmark: a file each, listed in `main.ts`. */

import type { DaemonProgram } from '../child-daemon.ts';

export interface BenchContext {
  /** The daemon to measure; the flags follow. */
  readonly program: DaemonProgram;
  /** An empty directory of this part's own. */
  readonly directory: string;
  /** How often each figure is measured; the median is shown. */
  readonly rounds: number;
}

export interface BenchPart {
  readonly name: string;
  /** One line for the list of parts. */
  readonly summary: string;
  run(context: BenchContext): Promise<void>;
}
