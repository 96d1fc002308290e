/** A request from the call to its answer. */

import { CaskError } from '../errors/cask-error.ts';
import type { OutputBuffer } from '../protocol/output-buffer.ts';
import type { ReplyReader } from '../protocol/reply-reader.ts';
import type { ProgressListener } from '../vocabulary/entry.ts';

/** How one kind of request is written and its reply read. One frozen object per kind. */
export interface Operation<A, R> {
  readonly op: number;
  /**
   * `read`: sent again after a lost connection. `write`: never sent again once sent; what became
   * of it is then OUTCOME_UNKNOWN.
   */
  readonly kind: 'read' | 'write';
  readonly encode: (out: OutputBuffer, id: number, args: A, deadlineMs: number) => void;
  readonly decode: (reply: ReplyReader, args: A) => R;
  /** An aborted signal asks the server to stop; the answer then says how far it came. */
  readonly isStoppable?: boolean;
}

/** Operations of all types in one pipeline; each pending request pairs its own. */
// biome-ignore lint/suspicious/noExplicitAny: arguments and result of one request belong together
export type AnyOperation = Operation<any, any>;

export class Pending {
  readonly operation: AnyOperation;
  readonly args: unknown;
  /** Keys and values, for the bounds of the queue. */
  readonly bytes: number;
  /** On the clock of `performance.now()`; Infinity: none. */
  readonly deadline: number;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: CaskError) => void;
  /** Position among all requests of the client. */
  order = 0;
  /** Its number on the wire while it is there; 0 otherwise. */
  id = 0;
  /** Has it ever been sent? */
  sent = false;
  /** Answered, failed, timed out or cancelled: whatever comes now is dropped. */
  settled = false;
  /** Takes the listener off the signal. */
  release: (() => void) | undefined = undefined;
  /** Hears how far the server is. */
  onProgress: ProgressListener | undefined = undefined;
  /** When it was submitted, for tracing; 0 without. */
  startedAt = 0;

  constructor(
    operation: AnyOperation,
    args: unknown,
    bytes: number,
    deadline: number,
    resolve: (result: unknown) => void,
    reject: (error: CaskError) => void,
  ) {
    this.operation = operation;
    this.args = args;
    this.bytes = bytes;
    this.deadline = deadline;
    this.resolve = resolve;
    this.reject = reject;
  }

  /** Sent by the client for its own ends (PING, CANCEL): nobody waits for the answer. */
  get background(): boolean {
    return this.order === 0;
  }

  /** Was it perhaps applied? Then its failure must say so. */
  get mayBeApplied(): boolean {
    return this.sent && this.operation.kind === 'write';
  }

  fail(error: CaskError): void {
    if (this.settled) return;
    this.settled = true;
    this.release?.();
    this.reject(error);
  }

  /** Fails, as OUTCOME_UNKNOWN with the reason as its cause if it may have been applied. */
  failUncertain(reason: CaskError): void {
    if (!this.mayBeApplied) {
      this.fail(reason);
      return;
    }
    const message = `the write was sent and may or may not have been applied: ${reason.message}`;
    this.fail(new CaskError('OUTCOME_UNKNOWN', message, { cause: reason }));
  }
}
