/**
 * Between a caller and an operation that takes a while: the caller says when nobody waits any
 * more, the store looks at that between its steps, and says when there is no way back.
 */

import { CaskError } from '../errors/cask-error.ts';

export interface Patience {
  /** Nobody waits any more: the operation ends at its next step, and lets go of what it holds. */
  over: boolean;
  /** Set by the store: the write is sequenced, and will be committed unless the store fails. */
  sequenced: boolean;
}

export function newPatience(): Patience {
  return { over: false, sequenced: false };
}

/** @throws CaskError CANCELLED when nobody waits any more */
export function checkPatience(patience: Patience | undefined): void {
  if (patience?.over) throw new CaskError('CANCELLED', 'nobody waits for the answer any more');
}
