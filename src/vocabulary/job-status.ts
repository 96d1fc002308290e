/** Long work as others see it: what it is, how far it is, how it ended. */

import type { ErrorCode } from '../errors/error-codes.ts';

/** `cancelling`: told to stop, and not stopped yet. */
export type JobState = 'running' | 'cancelling' | 'done' | 'failed' | 'cancelled';

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
