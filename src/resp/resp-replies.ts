/**
 * The session's answers as replies: what an answer becomes depends on the command that asked, and
 * is kept as a number by token. Nothing is allocated for a request whose answer is a value or a
 * count.
 */

import type { CaskError } from '../errors/cask-error.ts';
import { OP_GET } from '../protocol/op-codes.ts';
import type { BackPressure, Held } from '../server/back-pressure.ts';
import { LARGE_REPLY_BYTES } from '../server/back-pressure.ts';
import type { ConnectionOutput } from '../server/connection-output.ts';
import type { Flushable } from '../server/flush-queue.ts';
import { latenessError } from '../server/lateness.ts';
import type { ServerServices } from '../server/server-services.ts';
import type { SlowRequester } from '../server/slow-log.ts';
import type { Modifier } from '../storage/modifier.ts';
import { newPatience, type Patience } from '../storage/patience.ts';
import type { EntryView, PutOutcome, ReplySink } from '../storage/reply-sink.ts';
import type { KeyCommand, LaterOptions } from './commands/command.ts';
import { OrderedReplies } from './ordered-replies.ts';
import { PooledModifier } from './pooled-modifier.ts';
import { Reply } from './reply.ts';
import {
  OK,
  type ReplyTarget,
  writeBulk,
  writeBytes,
  writeError,
  writeFirst,
  writeInteger,
  writeNull,
} from './reply-writer.ts';
import type { RespArguments } from './resp-arguments.ts';

/** What an answer of the session becomes. */
export const SHAPES = {
  /** The value, or nil. */
  value: 0,
  /** OK, or nil where the condition did not hold. */
  ok: 1,
  /** 1, or 0 where there was nothing, or the condition did not hold. */
  count: 2,
  modified: 3,
  /** Of several answers that are added up: the request, and each of them. */
  sum: 4,
  part: 5,
  later: 6,
} as const;
export type Shape = (typeof SHAPES)[keyof typeof SHAPES];

const RESP3 = 0x80;
const NO_TOKEN = -1;
const CAPACITY_FIRST = 16;
const POOL_MAX = 256;

export interface RepliesOwner extends Flushable, SlowRequester {
  readonly isResp3: boolean;
  /** What is sent behind the request at hand waits, until `release`. */
  hold(): void;
  release(): void;
}

export class RespReplies implements ReplySink, Held {
  token = NO_TOKEN;
  readonly requestBytes = 0;
  readonly #owner: RepliesOwner;
  readonly #services: ServerServices;
  readonly #output: ConnectionOutput;
  readonly #pressure: BackPressure;
  readonly #order: OrderedReplies;
  readonly #reply: Reply;
  // by token
  #shapes = new Uint8Array(CAPACITY_FIRST);
  #isWrite = new Uint8Array(CAPACITY_FIRST);
  /** Of a part, the request that it is of; of a sum, the answers that lack. */
  #links = new Uint32Array(CAPACITY_FIRST);
  #sums = new Uint32Array(CAPACITY_FIRST);
  readonly #modifiers: (PooledModifier | undefined)[] = [];
  readonly #errors = new Map<number, CaskError>();
  readonly #patiences = new Map<number, Patience>();
  readonly #deferred = new Set<number>();
  readonly #pool: PooledModifier[] = [];
  #inTurn = false;
  #turnMs = 0;
  #queued = false;
  #closed = false;

  constructor(
    owner: RepliesOwner,
    services: ServerServices,
    output: ConnectionOutput,
    pressure: BackPressure,
  ) {
    this.#owner = owner;
    this.#services = services;
    this.#output = output;
    this.#pressure = pressure;
    this.#order = new OrderedReplies(output, services);
    this.#reply = new Reply(output.buffer, false);
  }

  get inFlight(): number {
    return this.#order.inFlight;
  }

  get requests(): number {
    return this.#order.inFlight + this.#order.abandoned;
  }

  get nextDueMs(): number {
    return this.#order.slots.nextDueMs;
  }

  turnBegins(nowMs: number): void {
    this.#inTurn = true;
    this.#turnMs = nowMs;
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

  /** A request came. */
  begin(op: number, bytesIn: number, isWrite: boolean): void {
    const { requestTimeoutMs } = this.#services.limits;
    const token = this.#order.take(this.#turnMs, op, bytesIn, requestTimeoutMs);
    if (token >= this.#shapes.length) this.#grow(token);
    this.#isWrite[token] = isWrite ? 1 : 0;
    this.expectFor(token, SHAPES.later);
    this.token = token;
  }

  /** One more reply behind that of the request at hand: a value. */
  takeItem(): number {
    const { requestTimeoutMs } = this.#services.limits;
    const token = this.#order.take(this.#turnMs, OP_GET, 0, requestTimeoutMs);
    if (token >= this.#shapes.length) this.#grow(token);
    this.#isWrite[token] = 0;
    this.expectFor(token, SHAPES.value);
    return token;
  }

  /** The request at hand has been handed on. */
  handled(keyBytes: number, items: number): void {
    this.#order.slots.measure(this.token, keyBytes, items);
    this.token = NO_TOKEN;
  }

  expect(shape: Shape): void {
    this.expectFor(this.token, shape);
  }

  expectFor(token: number, shape: Shape): void {
    this.#shapes[token] = this.#owner.isResp3 ? shape | RESP3 : shape;
  }

  // ---- replies that commands write themselves

  /** Answers a request. */
  answer(token: number, write: (reply: Reply) => void): void {
    const reply = this.#reply;
    reply.to = this.#begin(token);
    reply.isResp3 = this.#isResp3(token);
    write(reply);
    this.#end(token);
  }

  ok(token: number): void {
    writeBytes(this.#begin(token), OK);
    this.#end(token);
  }

  errorText(token: number, text: string): void {
    this.answer(token, (reply) => reply.error(text));
  }

  refuse(token: number, error: CaskError): void {
    if (this.#closed) return;
    this.#services.countError(error);
    writeError(this.#begin(token), error);
    this.#end(token);
  }

  later<T>(
    work: (patience: Patience) => Promise<T>,
    write: (reply: Reply, result: T) => void,
    { holds = false }: LaterOptions = {},
  ): void {
    const { token } = this;
    const patience = newPatience();
    this.#patiences.set(token, patience);
    this.expect(SHAPES.later);
    if (holds) this.#owner.hold();
    const end = (): boolean => {
      this.#patiences.delete(token);
      if (this.#closed) return false;
      if (holds) this.#owner.release();
      return this.#isAwaited(token);
    };
    work(patience).then(
      (result) => {
        if (end()) this.answer(token, (reply) => write(reply, result));
      },
      (error: CaskError) => {
        if (end()) this.refuse(token, error);
      },
    );
  }

  // ---- requests of several answers

  gather(parts: number): void {
    this.expect(SHAPES.sum);
    this.#links[this.token] = parts;
    this.#sums[this.token] = 0;
  }

  takePart(): number {
    const { token } = this;
    const part = this.#order.slots.take(this.#turnMs, 1, 0, 0, 0xffff_ffff);
    this.#order.reserveToken(part);
    if (part >= this.#shapes.length) this.#grow(part);
    this.#shapes[part] = SHAPES.part;
    this.#links[part] = token;
    return part;
  }

  #partAnswered(part: number, value: number): void {
    const token = this.#links[part] as number;
    this.#order.slots.giveUp(part);
    this.#sums[token] = (this.#sums[token] as number) + value;
    const left = (this.#links[token] as number) - 1;
    this.#links[token] = left;
    if (left > 0 || !this.#isAwaited(token)) return;
    const error = this.#errors.get(token);
    if (error !== undefined) {
      this.#errors.delete(token);
      this.refuse(token, error);
      return;
    }
    writeInteger(this.#begin(token), this.#sums[token] as number);
    this.#end(token);
  }

  // ---- read-modify-write

  modifierFor(token: number, command: KeyCommand, args: RespArguments): PooledModifier {
    const modifier = this.#pool.pop() ?? new PooledModifier();
    modifier.begin(command, args, this.#owner.isResp3);
    this.expectFor(token, SHAPES.modified);
    this.#modifiers[token] = modifier;
    return modifier;
  }

  #releaseModifier(token: number): void {
    const modifier = this.#modifiers[token];
    if (modifier === undefined) return;
    this.#modifiers[token] = undefined;
    modifier.release();
    if (this.#pool.length < POOL_MAX) this.#pool.push(modifier);
  }

  // ---- the session's answers

  onValue(token: number, { buffer, valueStart, valueBytes }: EntryView): void {
    if (!this.#isAwaited(token) || !this.#admits(token, valueBytes)) return;
    this.#order.slots.measureReply(token, valueBytes, 0);
    writeBulk(this.#begin(token), buffer, valueStart, valueBytes);
    this.#end(token);
  }

  onAbsent(token: number): void {
    if (!this.#isAwaited(token)) return;
    writeNull(this.#begin(token), this.#isResp3(token));
    this.#end(token);
  }

  onExists(token: number, exists: boolean): void {
    this.#count(token, exists ? 1 : 0);
  }

  onPut(token: number, _outcome: PutOutcome): void {
    if (this.#shapeOf(token) === SHAPES.count) {
      this.#count(token, 1);
    } else if (this.#isAwaited(token)) {
      this.ok(token);
    }
  }

  onDelete(token: number, revision: number): void {
    if (this.#shapeOf(token) !== SHAPES.ok) this.#count(token, revision > 0 ? 1 : 0);
    else if (this.#isAwaited(token)) this.ok(token);
  }

  #count(token: number, value: number): void {
    if (this.#closed) return;
    if (this.#shapeOf(token) === SHAPES.part) {
      this.#partAnswered(token, value);
    } else if (this.#isAwaited(token)) {
      writeInteger(this.#begin(token), value);
      this.#end(token);
    }
  }

  onModified(token: number, modifier: Modifier, _outcome: PutOutcome): void {
    const { bytes } = modifier as PooledModifier;
    if (this.#isAwaited(token) && this.#admits(token, bytes.at)) {
      writeFirst(this.#begin(token), bytes.bytes, bytes.at);
      this.#end(token);
    }
    this.#releaseModifier(token);
  }

  onError(token: number, error: CaskError): void {
    if (this.#closed) return;
    const shape = this.#shapeOf(token);
    if (shape === SHAPES.part) {
      this.#errors.set(this.#links[token] as number, error);
      this.#partAnswered(token, 0);
      return;
    }
    if (shape === SHAPES.modified) this.#releaseModifier(token);
    if (!this.#isAwaited(token)) return;
    if (error.code === 'CONFLICT' && shape === SHAPES.count) this.#count(token, 0);
    else if (error.code === 'CONFLICT' && shape === SHAPES.ok) this.onAbsent(token);
    else this.refuse(token, error);
  }

  onDeferred(token: number): void {
    this.#deferred.add(token);
  }

  mayBegin(token: number): boolean {
    this.#deferred.delete(token);
    if (this.#shapeOf(token) === SHAPES.part || !this.#order.wasEarly(token)) return true;
    this.#releaseModifier(token);
    this.#order.drop(token);
    return false;
  }

  // ---- time

  /** Answers what is too late. */
  expire(nowMs: number): void {
    const { slots } = this.#order;
    if (this.#closed || nowMs < slots.nextDueMs) return;
    const { requestTimeoutMs } = this.#services.limits;
    for (const token of slots.late(nowMs)) {
      const patience = this.#patiences.get(token);
      const isBegun = patience === undefined ? !this.#deferred.has(token) : patience.sequenced;
      const mayBeDone = this.#isWrite[token] === 1 && isBegun;
      if (patience !== undefined) patience.over = true;
      this.#services.counters.requestsLate += 1;
      this.#order.markEarly(token, nowMs, this.#owner);
      const timeoutMs = slots.timeoutOf(token) || requestTimeoutMs;
      this.refuse(token, latenessError({ timeoutMs, requestTimeoutMs, mayBeDone }));
    }
  }

  /** The request at hand has all the time. */
  unhurried(): void {
    this.#order.slots.extend(this.token, 0xffff_ffff);
  }

  // ---- the output

  flush(answeredMs: number | undefined): void {
    this.#queued = false;
    this.#output.flush();
    this.#order.settle(answeredMs ?? performance.now(), this.#owner);
  }

  /** No more answers from here on. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#services.load.requests.add(-this.requests);
    for (const patience of this.#patiences.values()) patience.over = true;
    this.#patiences.clear();
  }

  #begin(token: number): ReplyTarget {
    return this.#order.begin(token);
  }

  #end(token: number): void {
    this.#order.end(token);
    if (this.#inTurn || this.#queued) return;
    this.#queued = true;
    this.#services.flushQueue.add(this.#owner);
  }

  /** Does anybody still wait for this answer of the store? */
  #isAwaited(token: number): boolean {
    if (this.#closed) return false;
    if (!this.#order.wasEarly(token)) return true;
    this.#order.drop(token);
    return false;
  }

  #shapeOf(token: number): number {
    return (this.#shapes[token] as number) & ~RESP3;
  }

  #isResp3(token: number): boolean {
    return ((this.#shapes[token] as number) & RESP3) !== 0;
  }

  /** Is there room for a reply of this size? If not, the client is told so. */
  #admits(token: number, replyBytes: number): boolean {
    if (replyBytes <= LARGE_REPLY_BYTES) return true;
    const refusal = this.#pressure.refusal(replyBytes, this.#output.pendingBytes);
    if (refusal === undefined) {
      this.#output.expect(replyBytes);
      return true;
    }
    this.refuse(token, refusal);
    return false;
  }

  #grow(token: number): void {
    let capacity = this.#shapes.length;
    while (capacity <= token) capacity *= 2;
    this.#shapes = enlarged(this.#shapes, new Uint8Array(capacity));
    this.#isWrite = enlarged(this.#isWrite, new Uint8Array(capacity));
    this.#links = enlarged(this.#links, new Uint32Array(capacity));
    this.#sums = enlarged(this.#sums, new Uint32Array(capacity));
  }
}

function enlarged<T extends Uint8Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
