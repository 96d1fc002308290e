/** How long to wait before the next attempt to connect. */

export interface BackoffOptions {
  /** Wait before the first new attempt; doubles from one to the next. @default 50 */
  readonly baseMs: number;
  /** The wait grows no further. @default 5000 */
  readonly maxMs: number;
  /** Up to so much is added at random, so that clients do not come in step. @default 200 */
  readonly jitterMs: number;
  /** Give up and close after so many failures in a row. @default Infinity */
  readonly maxAttempts: number;
}

export const DEFAULT_BACKOFF: BackoffOptions = {
  baseMs: 50,
  maxMs: 5000,
  jitterMs: 200,
  maxAttempts: Number.POSITIVE_INFINITY,
};

/** @param attempt 0, 1, 2 ...: failures before this one */
export function backoffMs(options: BackoffOptions, attempt: number, random = Math.random): number {
  const exponential = options.baseMs * 2 ** Math.min(attempt, 30);
  return Math.min(exponential, options.maxMs) + Math.floor(random() * options.jitterMs);
}
