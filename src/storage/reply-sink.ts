/**
 * How a session hands out results without a promise or closure per operation: the caller gives
 * a token with each request and gets it back with the answer, at once or later.
 *
 * The objects passed to these methods are reused: copy what is needed before returning.
 */

import type { CaskError } from '../errors/cask-error.ts';
import type { Modifier } from './modifier.ts';

const NO_BYTES = new Uint8Array(0);

/** An entry as it lies in a buffer of the store. Valid only during the call. */
export interface EntryView {
  buffer: Uint8Array;
  valueStart: number;
  valueBytes: number;
  revision: number;
  version: number;
  createdAt: number;
  updatedAt: number;
  /** 0: never expires. */
  expiresAt: number;
}

/** To be filled in, again and again. */
export function blankEntry(): EntryView {
  return {
    buffer: NO_BYTES,
    valueStart: 0,
    valueBytes: 0,
    revision: 0,
    version: 0,
    createdAt: 0,
    updatedAt: 0,
    expiresAt: 0,
  };
}

/**
 * What a committed put did. Valid only during the call. Of a modify: what the key is after it;
 * all but `revision` are 0 after a delete, and all are 0 where there was no key and is none.
 */
export interface PutOutcome {
  revision: number;
  version: number;
  createdAt: number;
  updatedAt: number;
  /** 0: never expires. */
  expiresAt: number;
}

export interface ReplySink {
  onValue(token: number, entry: EntryView): void;
  onAbsent(token: number): void;
  onExists(token: number, exists: boolean): void;
  onPut(token: number, outcome: PutOutcome): void;
  /** `revision` is 0 when there was nothing to delete. */
  onDelete(token: number, revision: number): void;
  onError(token: number, error: CaskError): void;
  /** Whoever opens a session to `modify` has this. `modifier` is the one that was given. */
  onModified?(token: number, modifier: Modifier, outcome: PutOutcome): void;
  /** A put or delete waits for a large batch before it: it is not sequenced yet. */
  onDeferred?(token: number): void;
  /**
   * Asked when a deferred write is about to be sequenced. False: nobody waits any more; it is
   * dropped, and no answer comes.
   */
  mayBegin?(token: number): boolean;
}
