/**
 * Between the registry and the work: the registry knows nothing of what a job does; a job knows
 * nothing of who asked for it. What others see of one is `JobStatus`.
 */

import type { ProgressListener } from '../../vocabulary/entry.ts';

/** What the work is, and who wants to hear of it. */
export interface JobRequest {
  /** A stable name in kebab-case, e.g. `delete-range`. Never keys, values or secrets. */
  readonly kind: string;
  /** What `done` and `total` count, e.g. `keys`, `bytes`. */
  readonly unit: string;
  /** Undefined: not known (yet). */
  readonly total?: number | undefined;
  /** Aborting it cancels the job. */
  readonly signal?: AbortSignal | undefined;
  /** Called once for each call of `JobControl.progress`. */
  readonly onProgress?: ProgressListener | undefined;
}

/** What the work is given. */
export interface JobControl {
  readonly id: number;
  /**
   * Aborts when the job is to stop; its reason is the CaskError to fail of. The work looks at it between
   * slices (`signal.throwIfAborted()`), tidies up, and throws what it likes.
   */
  readonly signal: AbortSignal;
  /** @param total as known now; left out: as before */
  progress(done: number, total?: number): void;
}
