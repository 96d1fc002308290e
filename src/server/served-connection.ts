/** A connection as the server sees it, whatever protocol it speaks. */

import type { CaskError } from '../errors/cask-error.ts';
import type { ClientFacts } from '../vocabulary/insight.ts';
import type { SlowRequester } from './slow-log.ts';

export interface ServedConnection extends SlowRequester {
  readonly closed: boolean;
  /** Nothing asked is left to answer, nothing answered is left to send. */
  readonly idle: boolean;
  /** For operators. */
  facts(): ClientFacts;

  /** There is room for it: it is served from here on. */
  onAccepted?(): void;
  onData(chunk: Buffer): void;
  onDrain(): void;
  /** The client sends nothing more, but still reads. */
  onEnd(): void;
  onClose(): void;
  /** The store's write queue is short again. */
  onWriteQueueShort(): void;

  /** Answers requests that are too late. @returns when to look again */
  expire(nowMs: number): number;
  /** Looks at deadlines. */
  sweep(nowMs: number): void;

  /** Asks the client to go, if the protocol can; what was asked before is still answered. */
  drain(reason: string, graceMs: number): void;
  /** Says why, and closes. */
  disconnect(error: CaskError): void;
  /** Closes by the will of an operator. */
  kill(error: CaskError): void;
  /** A connection too many, or one that must make way: says so and closes. */
  reject(error: CaskError): void;
  /** Sends what there is and closes. */
  end(): void;
  /** Closes at once. */
  destroy(): void;
}
