/**
 * Long work as others see it: what it is, how far it is, how it ended. The registry knows
 * nothing of what a job does; a job knows nothing of who asked for it.
 */

import type { ErrorCode } from '../../errors/error-codes.ts';
import type { ProgressListener } from '../../vocabulary/entry.ts';

/** `cancelling`: told to stop, and not stopped yet. */
export type JobState = 'running' | 'cancelling' | 'done' | 'failed' | 'cancelled';

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

/** A copy of what is known of a job. */
export interface JobStatus {
  /** 1, 2, 3 ... since the store was opened. */
  readonly id: number;
  readonly kind: string;
  readonly state: JobState;
  readonly unit: string;
  readonly done: number;
  /** Undefined: not known. */
  readonly total: number | undefined;
  /** Ms since 1970. */
  readonly startedAt: number;
  /** How long it has run, or ran. */
  readonly ms: number;
  /** What it ended with, once it is `failed` or `cancelled`. */
  readonly error: { readonly code: ErrorCode; readonly message: string } | undefined;
  /** What it gave, once it is `done`: small plain data. */
  readonly result: object | undefined;
}
