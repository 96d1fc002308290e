/**
 * Requests on their way: waiting, sent, answered. It survives the links that come and go under
 * it. The requests of one tick leave in one write; replies are matched by id in an array.
 */

import { CaskError, toCaskError } from '../errors/cask-error.ts';
import { errorCodeOfNumber } from '../errors/error-codes.ts';
import { STATUS_OK } from '../protocol/frame.ts';
import type { ServerLimits } from '../protocol/hello.ts';
import { OP_BATCH, OP_CANCEL, OP_GET_MANY, OP_PUT } from '../protocol/op-codes.ts';
import { OutputBuffer } from '../protocol/output-buffer.ts';
import type { ReplyReader } from '../protocol/reply-reader.ts';
import { encodeRequest } from '../protocol/request-writer.ts';
import { DeadlineSweep } from './deadline-sweep.ts';
import type { Link } from './link.ts';
import { Pending } from './pending.ts';
import { RequestQueue } from './request-queue.ts';
import { traceReply, traceRequest } from './tracing.ts';

/** This much is written at once, without waiting for the end of the tick. */
const EAGER_FLUSH_BYTES = 64 * 1024;

/**
 * A write waits until so many microtasks in a row have submitted nothing: what they submit in one
 * go, a few `await`s further, leaves with it. Cheaper than `process.nextTick`.
 */
const QUIET_MICROTASKS = 4;
const SETTLED = Promise.resolve();

export interface PipelineOptions {
  readonly maxQueueItems: number;
  readonly maxQueueBytes: number;
  readonly maxInFlight: number;
}

/** CANCEL: its answer is of no interest. */
const CANCEL = {
  op: OP_CANCEL,
  kind: 'read',
  encode: (out: OutputBuffer, id: number, args: number) =>
    encodeRequest(out, id, OP_CANCEL, [args]),
  decode: () => undefined,
} as const;

export class Pipeline {
  readonly #options: PipelineOptions;
  readonly #queue: RequestQueue;
  readonly #out = new OutputBuffer();
  /** By id - 1. One that was given up keeps its place until its reply arrives. */
  readonly #slots: (Pending | undefined)[] = [];
  readonly #freeIds: number[] = [];
  readonly #sweep = new DeadlineSweep((now) => this.#endOverdue(now));
  #inFlight = 0;
  #maxInFlight = 0;
  #maxFrameBytes = 0;
  #order = 0;
  #link: Link | undefined;
  /** The server wants no new requests on this link. */
  #draining = false;
  /** The socket's buffer is full. */
  #blocked = false;
  #flushScheduled = false;
  #quietMicrotasks = 0;
  /** Set when nothing more is taken. */
  #closedBy: CaskError | undefined;
  #onIdle: (() => void) | undefined;
  /** Why nothing can be sent at the moment, for the message of a timeout. */
  #absence: CaskError | undefined;
  readonly #flushWhenQuiet = (): void => {
    this.#quietMicrotasks += 1;
    if (this.#quietMicrotasks <= QUIET_MICROTASKS) {
      void SETTLED.then(this.#flushWhenQuiet);
      return;
    }
    this.#flushScheduled = false;
    this.#flush();
  };

  constructor(options: PipelineOptions) {
    this.#options = options;
    this.#queue = new RequestQueue(options.maxQueueItems, options.maxQueueBytes);
  }

  /** Requests waiting, and requests sent and unanswered. */
  get load(): { readonly queued: number; readonly inFlight: number } {
    return { queued: this.#queue.length, inFlight: this.#inFlight };
  }

  /** Takes a request: sends it, lets it wait, or fails it. */
  submit(pending: Pending, signal: AbortSignal | undefined): void {
    this.#order += 1;
    pending.order = this.#order;
    if (this.#closedBy !== undefined) {
      pending.fail(this.#closedBy);
      return;
    }
    if (signal !== undefined && !this.#obey(pending, signal)) return;
    traceRequest(pending);
    if (this.#sendable && this.#queue.length === 0) {
      this.#send(pending);
    } else if (!this.#queue.push(pending)) {
      pending.fail(this.#queue.fullError());
      return;
    }
    this.#sweep.watch(pending.deadline);
  }

  /** Sends a request past queue and limit, if there is a link: PING, CANCEL. */
  submitUrgent(pending: Pending): void {
    if (this.#link !== undefined) this.#send(pending);
  }

  /** A link is ready: what waits goes out over it. */
  attach(link: Link, limits: ServerLimits): void {
    this.#link = link;
    this.#draining = false;
    this.#blocked = false;
    this.#absence = undefined;
    this.#maxInFlight = Math.max(1, Math.min(this.#options.maxInFlight, limits.maxInFlight));
    this.#maxFrameBytes = limits.maxFrameBytes;
    this.#pump();
  }

  /** The server asked for no new requests on this link. */
  drainLink(): void {
    this.#draining = true;
  }

  /**
   * The link is gone. Reads that were underway wait for the next one; writes fail with
   * OUTCOME_UNKNOWN.
   * @param comesBack whether there will be a next one
   */
  detach(reason: CaskError, comesBack: boolean): void {
    this.#link = undefined;
    this.#absence = reason;
    this.#out.clear();
    const unanswered = this.#slots.filter((it) => it !== undefined && !it.settled) as Pending[];
    this.#slots.length = 0;
    this.#freeIds.length = 0;
    this.#inFlight = 0;
    const returning: Pending[] = [];
    for (const pending of unanswered) {
      pending.id = 0;
      const again = comesBack && !pending.mayBeApplied && !pending.background;
      if (again) returning.push(pending);
      else pending.failUncertain(reason);
    }
    if (returning.length > 0) this.#queue.putBack(returning);
    this.#checkIdle();
  }

  /** Fails everything, and whatever is submitted later. */
  close(reason: CaskError): void {
    this.refuse(reason);
    this.detach(reason, false);
    for (const pending of this.#queue.drain()) pending.failUncertain(reason);
    this.#sweep.stop();
    this.#checkIdle();
  }

  /** Takes nothing more; what is underway goes on. */
  refuse(reason: CaskError): void {
    this.#closedBy ??= reason;
  }

  /** Fulfils when nothing waits and nothing is unanswered. */
  whenIdle(): Promise<void> {
    return new Promise((resolve) => {
      this.#onIdle = resolve;
      this.#checkIdle();
    });
  }

  /** Is every request of the link answered? */
  get linkIdle(): boolean {
    return this.#inFlight === 0;
  }

  /** @throws CaskError BAD_FRAME: a reply that nobody waits for, or cannot be read */
  onReply(reply: ReplyReader): void {
    const index = reply.id - 1;
    const pending = this.#slots[index];
    if (pending === undefined) {
      throw new CaskError('BAD_FRAME', `a reply to request ${reply.id}, which is not underway`);
    }
    this.#slots[index] = undefined;
    this.#freeIds.push(reply.id);
    this.#inFlight -= 1;
    pending.id = 0;
    if (!pending.settled) this.#settle(pending, reply);
  }

  /** `[id, done, total]` of a push; whatever it does not understand it ignores. */
  onProgress([id, done, total]: readonly unknown[]): void {
    const pending = typeof id === 'number' ? this.#slots[id - 1] : undefined;
    if (pending === undefined || pending.settled || typeof done !== 'number') return;
    pending.onProgress?.(done, typeof total === 'number' ? total : undefined);
  }

  onRepliesEnd(): void {
    if (this.#queue.length > 0) this.#pump();
    if (this.#onIdle !== undefined) this.#checkIdle();
  }

  onDrain(): void {
    this.#blocked = false;
    this.#flush();
    this.#pump();
  }

  get #sendable(): boolean {
    return (
      this.#link !== undefined &&
      this.#inFlight < this.#maxInFlight &&
      !this.#blocked &&
      !this.#draining
    );
  }

  #settle(pending: Pending, reply: ReplyReader): void {
    if (reply.status !== STATUS_OK) {
      this.#settleError(pending, reply);
      return;
    }
    let result: unknown;
    try {
      result = pending.operation.decode(reply, pending.args);
    } catch (thrown) {
      const error = toCaskError(thrown);
      pending.failUncertain(
        new CaskError('CONNECTION_LOST', `the reply cannot be read: ${error.message}`, {
          cause: error,
        }),
      );
      throw error;
    }
    pending.settled = true;
    if (pending.release !== undefined) pending.release();
    if (pending.startedAt !== 0) traceReply(pending, undefined);
    pending.resolve(result);
  }

  #settleError(pending: Pending, reply: ReplyReader): void {
    // Refused by a server that drains: certainly not applied, so the next link gets it.
    const refused = errorCodeOfNumber(reply.status) === 'SHUTTING_DOWN';
    if (refused && this.#draining && !pending.background) {
      pending.sent = false;
      this.#queue.putBack([pending]);
      return;
    }
    const error = reply.readError();
    traceReply(pending, error);
    pending.fail(error);
  }

  #send(pending: Pending): void {
    const id = this.#freeIds.pop() ?? this.#slots.length + 1;
    const out = this.#out;
    try {
      if (pending.bytes > this.#maxFrameBytes) throw this.#tooLarge(pending);
      pending.operation.encode(out, id, pending.args, 0);
      if (out.bodyBytes >= this.#maxFrameBytes) {
        out.abandonFrame();
        throw this.#tooLarge(pending);
      }
    } catch (thrown) {
      if (id <= this.#slots.length) this.#freeIds.push(id);
      pending.fail(toCaskError(thrown));
      return;
    }
    this.#slots[id - 1] = pending;
    this.#inFlight += 1;
    pending.id = id;
    pending.sent = true;
    this.#quietMicrotasks = 0;
    if (out.pendingBytes >= EAGER_FLUSH_BYTES) {
      this.#flush();
    } else if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      void SETTLED.then(this.#flushWhenQuiet);
    }
  }

  #flush(): void {
    if (this.#link !== undefined && !this.#link.write(this.#out)) this.#blocked = true;
  }

  #pump(): void {
    while (this.#sendable) {
      const pending = this.#queue.shift();
      if (pending === undefined) return;
      this.#send(pending);
    }
  }

  #tooLarge(pending: Pending): CaskError {
    const { op } = pending.operation;
    const many = op === OP_BATCH || op === OP_GET_MANY;
    const single = op === OP_PUT ? 'VALUE_TOO_LARGE' : 'KEY_TOO_LONG';
    const limit = this.#maxFrameBytes;
    return new CaskError(
      many ? 'BATCH_TOO_LARGE' : single,
      `the request does not fit in a frame; the server takes at most ${limit} bytes`,
      { details: { limit } },
    );
  }

  /** @returns false when the signal has aborted already */
  #obey(pending: Pending, signal: AbortSignal): boolean {
    const abort = () => {
      if (pending.operation.isStoppable && pending.id !== 0) {
        this.#cancel(pending.id);
        return;
      }
      const cause = signal.reason;
      const message = 'the call was aborted by its signal';
      this.#giveUp(pending, new CaskError('CANCELLED', message, { cause }));
    };
    if (signal.aborted) {
      pending.fail(new CaskError('CANCELLED', 'the signal was aborted', { cause: signal.reason }));
      return false;
    }
    signal.addEventListener('abort', abort, { once: true });
    pending.release = () => signal.removeEventListener('abort', abort);
    return true;
  }

  /** Settles a request that nobody waits for any longer, and tells the server if it has it. */
  #giveUp(pending: Pending, reason: CaskError): void {
    if (pending.settled) return;
    const { id } = pending;
    pending.failUncertain(reason);
    if (id === 0) {
      this.#queue.forget(pending);
    } else {
      this.#cancel(id);
    }
    this.#checkIdle();
  }

  /** Asks the server to let go of a request. */
  #cancel(id: number): void {
    const nothing = () => {};
    const never = Number.POSITIVE_INFINITY;
    this.submitUrgent(new Pending(CANCEL, id, 0, never, nothing, nothing));
  }

  /** @returns the earliest deadline left */
  #endOverdue(now: number): number {
    let earliest = Number.POSITIVE_INFINITY;
    const look = (pending: Pending | undefined) => {
      if (pending === undefined || pending.settled) return;
      if (pending.deadline <= now) this.#giveUp(pending, this.#timeoutError(pending));
      else if (pending.deadline < earliest) earliest = pending.deadline;
    };
    for (const pending of [...this.#slots]) look(pending);
    for (const pending of this.#queue) look(pending);
    return earliest;
  }

  #timeoutError(pending: Pending): CaskError {
    const absence = this.#absence === undefined ? '' : ` (not connected: ${this.#absence.message})`;
    const message = pending.sent
      ? 'the server did not answer in time'
      : `the request could not be sent in time and was not applied${absence}`;
    // Whoever sees TIMEOUT itself, not as a cause, knows that nothing was applied.
    return new CaskError('TIMEOUT', message, { retryable: !pending.mayBeApplied });
  }

  #checkIdle(): void {
    if (this.#onIdle === undefined || this.#queue.length > 0) return;
    const awaited = (it: Pending | undefined) => it !== undefined && !it.settled && !it.background;
    if (this.#slots.some(awaited)) return;
    const resolve = this.#onIdle;
    this.#onIdle = undefined;
    resolve();
  }
}
