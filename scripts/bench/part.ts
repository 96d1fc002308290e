/** One part of the benchmark: a file of `parts/`, listed in `parts/all-parts.ts`. */

import type { DaemonProgram } from '../child-daemon.ts';
import type { ResultsRecorder } from './report/results.ts';

/** How much is measured; each part has defaults, flags change them. */
export interface BenchSize {
  /** How often each figure is measured; the median is told. */
  readonly rounds: number;
  /** How long each measurement lasts, about. */
  readonly seconds: number;
  readonly keys: number;
}

export interface BenchContext extends BenchSize {
  /** The daemon to measure; the flags follow. */
  readonly program: DaemonProgram;
  /** An empty directory of this part's own. */
  readonly directory: string;
  readonly results: ResultsRecorder;
  /** Says how far it has come. */
  readonly print: (line: string) => void;
}

export interface BenchPart {
  readonly name: string;
  /** One line for the list of parts. */
  readonly summary: string;
  readonly defaults: BenchSize;
  /** It has a section of docs/benchmarks.md. */
  readonly isPublished: boolean;
  /** The benchmark fails when a figure of this part misses what is asked of it. */
  readonly isRequirement?: boolean;
  run(context: BenchContext): Promise<void>;
}
