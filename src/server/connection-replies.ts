/**
 * The replies of a connection: encoded into its output as the answers come, in any order, counted
 * and timed. Each request has a slot here from being parsed until its reply leaves; the slot is
 * the token under which the session answers.
 */

import type { CaskError } from '../errors/cask-error.ts';
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
import type { Modifier } from '../storage/modifier.ts';
import { newPatience } from '../storage/patience.ts';
import type { EntryView, PutOutcome, ReplySink } from '../storage/reply-sink.ts';
import { type BackPressure, LARGE_REPLY_BYTES } from './back-pressure.ts';
import type { AnsweringModifier } from './commands/answering-modifier.ts';
import type { LaterAnswer } from './commands/command.ts';
import { commandOf } from './commands/command-table.ts';
import type { ConnectionOutput } from './connection-output.ts';
import type { Flushable } from './flush-queue.ts';
import { HeldValues } from './held-values.ts';
import { latenessError } from './lateness.ts';
import { type AnswerTaker, LaterAnswers } from './later-answers.ts';
import type { PendingAnswer } from './pending-answers.ts';
import { NO_TIMEOUT_MS, RequestSlots, SLOTS_FIRST } from './request-slots.ts';
import type { ServerServices } from './server-services.ts';
import type { SlowRequester } from './slow-log.ts';

const NO_TOKEN = -1;
/** With more waiting to be read, progress is not told. */
const PROGRESS_PENDING_BYTES_MAX = 64 * 1024;

export class ConnectionReplies implements ReplySink, AnswerTaker {
  /** Requests without an answer, of every kind. */
  inFlight = 0;
  /** Of the request that is being handled. */
  token = NO_TOKEN;

  readonly #owner: Flushable & SlowRequester;
  readonly #services: ServerServices;
  readonly #output: ConnectionOutput;
  readonly #pressure: BackPressure;
  #slots = new RequestSlots();
  readonly #later: LaterAnswers;
  readonly #held: HeldValues;
  /** Within a turn, whose end flushes. */
  #inTurn = false;
  #turnMs = 0;
  /** When what is handled in this turn came. */
  #arrivedMs = 0;
  /** What is left of its deadline. */
  #deadlineLeftMs = NO_TIMEOUT_MS;
  /** Of the request that is being handled. */
  #frameBytes = 0;
  /** In the flush queue. */
  #queued = false;
  #closed = false;
  /** Requests that were answered early, and that the session will answer. */
  #abandoned = 0;
  /** Tokens of writes that wait and are not sequenced yet. */
  readonly #deferred = new Set<number>();

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
    this.#later = new LaterAnswers(this, services);
    this.#held = new HeldValues(services.load, output, pressure);
  }

  /** @param arrivedMs when what is handled in this turn came */
  turnBegins(nowMs: number, arrivedMs: number): void {
    this.#inTurn = true;
    this.#turnMs = nowMs;
    this.#arrivedMs = arrivedMs;
  }

  /** What the connection holds of what all share. */
  get requests(): number {
    return this.inFlight + this.#abandoned + this.#later.abandoned;
  }

  get requestBytes(): number {
    return this.#later.bytes + this.#held.bytes;
  }

  turnEnds(): void {
    this.#inTurn = false;
  }

  /** Flushes when what has come on other connections is read, too. */
  flushRead(): void {
    if (this.#queued) return;
    this.#queued = true;
    this.#services.flushQueue.addRead(this.#owner, this.#turnMs);
  }

  /** A request came; `handled` follows. */
  begin({ id, op, deadlineMs }: RequestReader, bytesIn: number): void {
    this.inFlight += 1;
    this.#services.load.requests.add(1);
    this.#frameBytes = bytesIn;
    this.#deadlineLeftMs = deadlineMs === 0 ? NO_TIMEOUT_MS : this.#leftOf(deadlineMs);
    const timeoutMs = Math.min(this.#deadlineLeftMs, this.#services.limits.requestTimeoutMs);
    this.token = this.#slots.take(this.#turnMs, id, op, bytesIn, timeoutMs);
  }

  /** A deadline runs from when the request came. */
  #leftOf(deadlineMs: number): number {
    const left = Math.ceil(this.#arrivedMs + deadlineMs - this.#turnMs);
    return Math.max(1, Math.min(left, NO_TIMEOUT_MS));
  }

  /** Has the request been waiting for its turn until after its deadline? It is not begun then. */
  isOverdue({ deadlineMs }: RequestReader): boolean {
    return deadlineMs !== 0 && this.#arrivedMs + deadlineMs <= this.#turnMs;
  }

  handled({ keyBytes, items, deadlineMs }: RequestReader): void {
    const { token } = this;
    this.#slots.measure(token, keyBytes, items);
    this.token = NO_TOKEN;
    // the sweep is too coarse for a deadline that is near
    if (deadlineMs !== 0 && this.#slots.isWaiting(token)) {
      this.#services.alarm.set(this.#turnMs + this.#slots.timeoutOf(token), this.#turnMs);
    }
  }

  /** Is this the id of a request that is answered later? */
  isPending(id: number): boolean {
    return this.#later.has(id);
  }

  /** A reply stands in the output. */
  answered(token: number): void {
    this.#slots.answer(token);
    this.#countAnswer();
  }

  #countAnswer(): void {
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
    this.#tell(id, error);
    this.answered(token);
  }

  #tell(id: number, error: CaskError): void {
    this.#services.countError(error);
    this.#output.sendPreamble();
    encodeErrorReply(this.#output.buffer, id, error);
  }

  answerLater<T>(
    id: number,
    work: Promise<T>,
    how: LaterAnswer<T>,
    patience = newPatience(),
  ): void {
    const { token } = this;
    if (how.goesOn) this.#slots.extend(token, this.#deadlineLeftMs);
    this.#later.add({ id, token, bytes: this.#frameBytes }, work, how, patience);
  }

  succeed<T>({ id, token }: PendingAnswer, result: T, how: LaterAnswer<T>): void {
    this.answerNow(id, token, result, how);
  }

  answerNow<T>(id: number, token: number, result: T, how: LaterAnswer<T>): void {
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

  holdValue(token: number, bytes: number): void {
    this.#held.take(token, bytes);
    this.#slots.measureReply(token, bytes, 0);
  }

  cancel(id: number): boolean {
    return this.#later.cancel(id);
  }

  pushProgress(id: number, done: number, total: number | undefined): void {
    const { pendingBytes } = this.#output;
    if (this.#closed || pendingBytes > PROGRESS_PENDING_BYTES_MAX || !this.#later.has(id)) return;
    encodePush(this.#output.buffer, PUSH_PROGRESS, [id, done, total]);
    this.#flushSoon();
  }

  /** Answers what a stopping server does not wait for. */
  refuseLeftAtShutdown(reason: string): void {
    this.#later.endLeftAtShutdown(reason);
  }

  /** Something that nobody waited for is over: input may go on. */
  workEnded(): void {
    this.#flushSoon();
  }

  // ---- time

  /** When something may be too late next. */
  get nextDueMs(): number {
    return this.#slots.nextDueMs;
  }

  /** The request that is being handled has all the time. */
  unhurried(): void {
    this.#slots.extend(this.token, NO_TIMEOUT_MS);
  }

  /** Answers what is too late. */
  expire(nowMs: number): void {
    if (this.#closed || nowMs < this.#slots.nextDueMs) return;
    for (const token of this.#slots.late(nowMs)) {
      const answer = this.#later.waitingAt(this.#slots.idOf(token), token);
      this.#services.counters.requestsLate += 1;
      if (answer === undefined) {
        this.#endPoint(token, nowMs);
      } else {
        const mayBeDone = answer.goesOn || answer.patience.sequenced;
        this.#later.end(answer, this.#latenessOf(token, mayBeDone));
      }
    }
  }

  /** Of a request that the session answers to its token: its slot stays until it does. */
  #endPoint(token: number, nowMs: number): void {
    const { latencies, slowLog, load } = this.#services;
    const isWrite = commandOf(this.#slots.opOf(token))?.role === 'write';
    const error = this.#latenessOf(token, isWrite && !this.#deferred.has(token));
    this.#abandoned += 1;
    load.requests.add(1);
    this.#tell(this.#slots.idOf(token), error);
    this.#slots.answerEarly(token, nowMs, latencies, slowLog, this.#owner);
    this.#countAnswer();
  }

  #latenessOf(token: number, mayBeDone: boolean): CaskError {
    const { requestTimeoutMs } = this.#services.limits;
    return latenessError({
      timeoutMs: this.#slots.timeoutOf(token),
      requestTimeoutMs,
      mayBeDone,
    });
  }

  /** The store has answered a request that was answered before. */
  #drop(token: number): void {
    this.#slots.giveUp(token);
    this.#abandoned -= 1;
    this.#services.load.requests.add(-1);
    this.#flushSoon();
  }

  // ---- the session's answers

  onDeferred(token: number): void {
    this.#deferred.add(token);
  }

  mayBegin(token: number): boolean {
    this.#deferred.delete(token);
    const isAwaited = this.#slots.idOf(token) !== 0;
    if (!isAwaited) this.#drop(token);
    return isAwaited;
  }

  /** The id to answer to; 0: nobody waits any more. */
  #idFor(token: number): number {
    if (this.#closed) return 0;
    const id = this.#slots.idOf(token);
    if (id === 0) this.#drop(token);
    return id;
  }

  onValue(token: number, entry: EntryView): void {
    const id = this.#idFor(token);
    const { valueBytes } = entry;
    if (id === 0 || !this.#admits(token, valueBytes)) return;
    this.#slots.measureReply(token, valueBytes, 0);
    encodeValueReply(this.#output.buffer, id, entry);
    this.answered(token);
  }

  onAbsent(token: number): void {
    const id = this.#idFor(token);
    if (id === 0) return;
    encodeAbsentReply(this.#output.buffer, id);
    this.answered(token);
  }

  onExists(token: number, exists: boolean): void {
    const id = this.#idFor(token);
    if (id === 0) return;
    encodeBoolReply(this.#output.buffer, id, exists);
    this.answered(token);
  }

  onPut(token: number, outcome: PutOutcome): void {
    const id = this.#idFor(token);
    if (id === 0) return;
    encodePutReply(this.#output.buffer, id, outcome);
    this.answered(token);
  }

  onDelete(token: number, revision: number): void {
    const id = this.#idFor(token);
    if (id === 0) return;
    encodeDeleteReply(this.#output.buffer, id, revision);
    this.answered(token);
  }

  onModified(token: number, modifier: Modifier, outcome: PutOutcome): void {
    this.#held.release(token);
    const id = this.#idFor(token);
    if (id === 0) return;
    // commands of this server hand no other to the session
    (modifier as AnsweringModifier).encode(this.#output.buffer, id, outcome);
    this.answered(token);
  }

  onError(token: number, error: CaskError): void {
    this.#held.release(token);
    const id = this.#idFor(token);
    if (id !== 0) this.refuse(token, id, error);
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

  /** The client is quiet: slots that many requests needed are given back. */
  rest(): void {
    const { capacity, answeredCount } = this.#slots;
    if (capacity > SLOTS_FIRST && answeredCount === 0 && this.requests === 0) {
      this.#slots = new RequestSlots();
    }
  }

  /** No more answers from here on. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#services.load.requests.add(-this.requests);
    this.#later.close();
    this.#held.close();
  }
}
