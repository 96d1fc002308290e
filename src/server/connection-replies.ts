/**
 * The replies of a connection: encoded into its output as the answers come, in any order, counted
 * and timed. Each request has a slot here from being parsed until its reply leaves; the slot is
 * the token under which the session answers.
 */

import { CaskError, toCaskError } from '../errors/cask-error.ts';
import { PUSH_PROGRESS } from '../protocol/push-kinds.ts';
import {
  encodeAbsentReply,
  encodeBoolReply,
  encodeDeleteReply,
  encodeErrorReply,
  encodePush,
  encodePutReply,
  encodeValueReply,
} from '../protocol/reply-writer.ts';
import type { RequestReader } from '../protocol/request-reader.ts';
import type { EntryView, PutOutcome, ReplySink } from '../storage/reply-sink.ts';
import { type BackPressure, LARGE_REPLY_BYTES } from './back-pressure.ts';
import type { LaterAnswer } from './commands/command.ts';
import type { ConnectionOutput } from './connection-output.ts';
import type { Flushable } from './flush-queue.ts';
import { type PendingAnswer, PendingAnswers } from './pending-answers.ts';
import { RequestSlots } from './request-slots.ts';
import type { ServerServices } from './server-services.ts';
import type { SlowRequester } from './slow-log.ts';

const NO_TOKEN = -1;
/** With more waiting to be read, progress is not told. */
const PROGRESS_PENDING_BYTES_MAX = 64 * 1024;

export class ConnectionReplies implements ReplySink {
  /** Requests without an answer, of every kind. */
  inFlight = 0;
  /** Of the frames of requests that are answered later: they hold on to them. */
  requestBytes = 0;
  /** Of the request that is being handled. */
  token = NO_TOKEN;

  readonly #owner: Flushable & SlowRequester;
  readonly #services: ServerServices;
  readonly #output: ConnectionOutput;
  readonly #pressure: BackPressure;
  readonly #slots = new RequestSlots();
  readonly #later = new PendingAnswers();
  /** Within a turn, whose end flushes. */
  #inTurn = false;
  #turnMs = 0;
  /** Of the request that is being handled. */
  #frameBytes = 0;
  /** In the flush queue. */
  #queued = false;
  #closed = false;

  constructor(
    owner: Flushable & SlowRequester,
    services: ServerServices,
    output: ConnectionOutput,
    pressure: BackPressure,
  ) {
    this.#owner = owner;
    this.#services = services;
    this.#output = output;
    this.#pressure = pressure;
  }

  turnBegins(nowMs: number): void {
    this.#inTurn = true;
    this.#turnMs = nowMs;
  }

  turnEnds(): void {
    this.#inTurn = false;
  }

  /** A request came; `handled` follows. */
  begin({ id, op }: RequestReader, bytesIn: number): void {
    this.inFlight += 1;
    this.#services.load.requests.add(1);
    this.#frameBytes = bytesIn;
    this.token = this.#slots.take(this.#turnMs, id, op, bytesIn);
  }

  handled({ keyBytes, items }: RequestReader): void {
    this.#slots.measure(this.token, keyBytes, items);
    this.token = NO_TOKEN;
  }

  /** Is this the id of a request that is answered later? */
  isPending(id: number): boolean {
    return this.#later.size > 0 && this.#later.has(id);
  }

  /** A reply stands in the output. */
  answered(token: number): void {
    this.#slots.answer(token);
    this.inFlight -= 1;
    this.#services.load.requests.add(-1);
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#inTurn || this.#queued) return;
    this.#queued = true;
    this.#services.flushQueue.add(this.#owner);
  }

  refuse(token: number, id: number, error: CaskError): void {
    if (this.#closed) return;
    this.#services.countError(error);
    this.#output.sendPreamble();
    encodeErrorReply(this.#output.buffer, id, error);
    this.answered(token);
  }

  answerLater<T>(id: number, work: Promise<T>, how: LaterAnswer<T>): void {
    const { token } = this;
    const { cancellable, leftAtShutdown = false, stop } = how;
    const answer: PendingAnswer = { id, token, cancellable, leftAtShutdown, stop };
    this.#later.add(answer);
    const bytes = this.#frameBytes;
    this.#hold(bytes);
    work.then(
      (result) => {
        this.#hold(-bytes);
        if (this.#later.settle(answer)) this.#answerNow(answer, result, how);
      },
      (thrown: unknown) => {
        this.#hold(-bytes);
        if (this.#later.settle(answer)) this.refuse(token, id, toCaskError(thrown));
      },
    );
  }

  /** A request holds on to its frame; with negative bytes, no longer. */
  #hold(bytes: number): void {
    const { load, frames } = this.#services;
    this.requestBytes += bytes;
    load.requestBytes.add(bytes);
    if (bytes < 0 && frames.isAwaited) frames.admitWaiting();
  }

  #answerNow<T>({ id, token }: PendingAnswer, result: T, how: LaterAnswer<T>): void {
    if (how.bytes !== undefined) {
      const bytes = how.bytes(result);
      if (!this.#admits(token, bytes)) return;
      const items = how.items?.(result) ?? 0;
      this.#services.counters.replyItems += items;
      this.#slots.measureReply(token, bytes, items);
    }
    how.encode(this.#output.buffer, id, result);
    this.answered(token);
  }

  cancel(id: number): boolean {
    const answer = this.#later.get(id);
    if (answer?.stop !== undefined) answer.stop();
    else if (answer?.cancellable && this.#later.settle(answer)) {
      this.refuse(answer.token, id, new CaskError('CANCELLED', 'cancelled by the client'));
    }
    return answer !== undefined;
  }

  pushProgress(id: number, done: number, total: number | undefined): void {
    const { pendingBytes } = this.#output;
    if (this.#closed || pendingBytes > PROGRESS_PENDING_BYTES_MAX || !this.#later.has(id)) return;
    encodePush(this.#output.buffer, PUSH_PROGRESS, [id, done, total]);
    this.#flushSoon();
  }

  /** Answers what a stopping server does not wait for. */
  refuseLeftAtShutdown(reason: string): void {
    for (const { id, token } of this.#later.takeLeftAtShutdown()) {
      const message = `${reason}; the work goes on after a start`;
      this.refuse(token, id, new CaskError('SHUTTING_DOWN', message));
    }
  }

  // ---- the session's answers

  onValue(token: number, entry: EntryView): void {
    const { valueBytes } = entry;
    if (this.#closed || !this.#admits(token, valueBytes)) return;
    this.#slots.measureReply(token, valueBytes, 0);
    encodeValueReply(this.#output.buffer, this.#slots.idOf(token), entry);
    this.answered(token);
  }

  onAbsent(token: number): void {
    if (this.#closed) return;
    encodeAbsentReply(this.#output.buffer, this.#slots.idOf(token));
    this.answered(token);
  }

  onExists(token: number, exists: boolean): void {
    if (this.#closed) return;
    encodeBoolReply(this.#output.buffer, this.#slots.idOf(token), exists);
    this.answered(token);
  }

  onPut(token: number, outcome: PutOutcome): void {
    if (this.#closed) return;
    encodePutReply(this.#output.buffer, this.#slots.idOf(token), outcome);
    this.answered(token);
  }

  onDelete(token: number, revision: number): void {
    if (this.#closed) return;
    encodeDeleteReply(this.#output.buffer, this.#slots.idOf(token), revision);
    this.answered(token);
  }

  onError(token: number, error: CaskError): void {
    this.refuse(token, this.#slots.idOf(token), error);
  }

  /** Is there room for a reply of this size? If not, BUSY is the answer. */
  #admits(token: number, replyBytes: number): boolean {
    if (replyBytes <= LARGE_REPLY_BYTES) return true;
    const refusal = this.#pressure.refusal(replyBytes, this.#output.pendingBytes);
    if (refusal === undefined) this.#output.expect(replyBytes);
    else this.onError(token, refusal);
    return refusal === undefined;
  }

  /** The replies leave: how long they took is known now. */
  flush(answeredMs: number | undefined): void {
    this.#queued = false;
    this.#output.flush();
    if (this.#slots.answeredCount === 0) return;
    const { latencies, slowLog } = this.#services;
    this.#slots.settle(answeredMs ?? performance.now(), latencies, slowLog, this.#owner);
  }

  /** No more answers from here on. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#services.load.requests.add(-this.inFlight);
    this.#later.clear();
  }
}
