/** What an AbortSignal says, as one of our errors. */

import { CaskError } from './cask-error.ts';

/** CANCELLED if the signal has aborted: its reason where that is ours, else with it as the cause. */
export function cancellationOf(signal: AbortSignal | undefined): CaskError | undefined {
  if (!signal?.aborted) return undefined;
  const reason: unknown = signal.reason;
  if (reason instanceof CaskError) return reason;
  return new CaskError('CANCELLED', 'cancelled by the signal of the call', { cause: reason });
}

/** @throws CaskError CANCELLED if the signal has aborted */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  const error = cancellationOf(signal);
  if (error !== undefined) throw error;
}
