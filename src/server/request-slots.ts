/**
 * The requests of a connection from being parsed until their replies leave, in slots of typed
 * arrays. A slot's number is the token that the session answers to; what is known of a request
 * for its reply, its latency and the slow log lies here, so that no request costs an object.
 *
 *     free --take--> taken --answer--> answered --settle--> free
 *                        \--answerEarly--> abandoned --giveUp--^
 *
 * A request that is too late is answered before the store answers it, and its slot is abandoned
 * until the store does: nothing else has its token meanwhile.
 */

import type { OperationLatencies } from './operation-latencies.ts';
import type { SlowLog, SlowRequester } from './slow-log.ts';

export const SLOTS_FIRST = 16;
/** Above every operation's number. */
const OP_MAX = 0xffff;

/** Words of a slot. */
const ID = 0;
const OP = 1;
const BYTES_IN = 2;
const BYTES_OUT = 3;
const KEY_BYTES = 4;
const ITEMS = 5;
/** Milliseconds from the turn in which it was parsed; 0: it waits no more. */
const TIMEOUT_MS = 6;
const WORDS = 7;

/** Never too late. */
export const NO_TIMEOUT_MS = 0xffff_ffff;
/** The id of a request that was answered before the store did. */
const ID_ANSWERED = 0;

export class RequestSlots {
  #words = new Uint32Array(SLOTS_FIRST * WORDS);
  /** When the turn began in which the request was parsed. */
  #sinceMs = new Float64Array(SLOTS_FIRST);
  /** A stack: the slot that was freed last is still in the processor's cache. */
  #free = new Uint32Array(SLOTS_FIRST);
  #freeCount = 0;
  #answered = new Uint32Array(SLOTS_FIRST);
  answeredCount = 0;
  #capacity = 0;

  constructor() {
    this.#offer(SLOTS_FIRST);
  }

  /** Before this moment, nothing is too late. */
  #nothingLateBeforeMs = Number.POSITIVE_INFINITY;

  /** @param op of one that is not known only that is kept */
  take(nowMs: number, id: number, op: number, bytesIn: number, timeoutMs: number): number {
    if (this.#freeCount === 0) this.#grow();
    this.#freeCount -= 1;
    const slot = this.#free[this.#freeCount] as number;
    this.#sinceMs[slot] = nowMs;
    const words = this.#words;
    const at = slot * WORDS;
    words[at + ID] = id;
    words[at + OP] = op <= OP_MAX ? op : OP_MAX;
    words[at + BYTES_IN] = bytesIn;
    words[at + BYTES_OUT] = 0;
    words[at + TIMEOUT_MS] = timeoutMs;
    if (nowMs + timeoutMs < this.#nothingLateBeforeMs) {
      this.#nothingLateBeforeMs = nowMs + timeoutMs;
    }
    return slot;
  }

  /** The request may take longer than was said. */
  extend(slot: number, timeoutMs: number): void {
    this.#words[slot * WORDS + TIMEOUT_MS] = timeoutMs;
  }

  /** What its arguments are of: a key, or so many items. */
  measure(slot: number, keyBytes: number, items: number): void {
    const at = slot * WORDS;
    this.#words[at + KEY_BYTES] = keyBytes;
    this.#words[at + ITEMS] = items;
  }

  /** 0: it has been answered. */
  idOf(slot: number): number {
    return this.#words[slot * WORDS + ID] as number;
  }

  opOf(slot: number): number {
    return this.#words[slot * WORDS + OP] as number;
  }

  timeoutOf(slot: number): number {
    return this.#words[slot * WORDS + TIMEOUT_MS] as number;
  }

  isWaiting(slot: number): boolean {
    return this.timeoutOf(slot) !== 0;
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** The earliest moment at which something may be too late. */
  get nextDueMs(): number {
    return this.#nothingLateBeforeMs;
  }

  /** The requests that are too late. */
  late(nowMs: number): number[] {
    const late: number[] = [];
    if (nowMs < this.#nothingLateBeforeMs) return late;
    let nextMs = Number.POSITIVE_INFINITY;
    for (let slot = 0; slot < this.#capacity; slot++) {
      const timeoutMs = this.timeoutOf(slot);
      if (timeoutMs === 0 || timeoutMs === NO_TIMEOUT_MS) continue;
      const dueMs = (this.#sinceMs[slot] as number) + timeoutMs;
      if (dueMs <= nowMs) late.push(slot);
      else if (dueMs < nextMs) nextMs = dueMs;
    }
    this.#nothingLateBeforeMs = nextMs;
    return late;
  }

  /** It has been answered though the store has not, and will. */
  answerEarly(
    slot: number,
    nowMs: number,
    latencies: OperationLatencies,
    slowLog: SlowLog,
    requester: SlowRequester,
  ): void {
    latencies.record(this.opOf(slot), nowMs - (this.#sinceMs[slot] as number), 1);
    this.#gatherSlow(slot, nowMs, slowLog);
    slowLog.note(requester);
    this.#words[slot * WORDS + ID] = ID_ANSWERED;
    this.#words[slot * WORDS + TIMEOUT_MS] = 0;
  }

  /** The store has answered an abandoned one, or never will. */
  giveUp(slot: number): void {
    this.#free[this.#freeCount] = slot;
    this.#freeCount += 1;
  }

  answer(slot: number): void {
    this.#words[slot * WORDS + TIMEOUT_MS] = 0;
    this.#answered[this.answeredCount] = slot;
    this.answeredCount += 1;
  }

  /** Its reply is of about so many bytes, and of so many items where it has any. */
  measureReply(slot: number, bytesOut: number, items: number): void {
    const at = slot * WORDS;
    this.#words[at + BYTES_OUT] = bytesOut;
    if (items > 0) this.#words[at + ITEMS] = items;
  }

  /** The replies that were made leave now; there is one at least. */
  settle(
    nowMs: number,
    latencies: OperationLatencies,
    slowLog: SlowLog,
    requester: SlowRequester,
  ): void {
    const words = this.#words;
    const answered = this.#answered;
    const first = answered[0] as number;
    // neighbours mostly are of one kind and came in one turn: they are recorded in one go
    let op = words[first * WORDS + OP] as number;
    let sinceMs = this.#sinceMs[first] as number;
    let earliestMs = sinceMs;
    let times = 0;
    for (let index = 0; index < this.answeredCount; index++) {
      const slot = answered[index] as number;
      const ownOp = words[slot * WORDS + OP] as number;
      const ownSinceMs = this.#sinceMs[slot] as number;
      if (ownOp !== op || ownSinceMs !== sinceMs) {
        latencies.record(op, nowMs - sinceMs, times);
        op = ownOp;
        sinceMs = ownSinceMs;
        if (sinceMs < earliestMs) earliestMs = sinceMs;
        times = 0;
      }
      times += 1;
    }
    latencies.record(op, nowMs - sinceMs, times);
    if (nowMs - earliestMs >= slowLog.thresholdMs) this.#noteSlow(nowMs, slowLog, requester);
    this.#freeAnswered();
  }

  #freeAnswered(): void {
    const count = this.answeredCount;
    for (let index = 0; index < count; index++) {
      this.#free[this.#freeCount + index] = this.#answered[index] as number;
    }
    this.#freeCount += count;
    this.answeredCount = 0;
  }

  #noteSlow(nowMs: number, slowLog: SlowLog, requester: SlowRequester): void {
    for (let index = 0; index < this.answeredCount; index++) {
      this.#gatherSlow(this.#answered[index] as number, nowMs, slowLog);
    }
    slowLog.note(requester);
  }

  #gatherSlow(slot: number, nowMs: number, slowLog: SlowLog): void {
    const ms = nowMs - (this.#sinceMs[slot] as number);
    if (ms < slowLog.thresholdMs) return;
    const words = this.#words;
    const at = slot * WORDS;
    slowLog.gather(words[at + OP] as number, ms, {
      bytesIn: words[at + BYTES_IN] as number,
      bytesOut: words[at + BYTES_OUT] as number,
      keyBytes: words[at + KEY_BYTES] as number,
      items: words[at + ITEMS] as number,
    });
  }

  #grow(): void {
    const capacity = this.#capacity * 2;
    this.#words = enlarged(this.#words, new Uint32Array(capacity * WORDS));
    this.#sinceMs = enlarged(this.#sinceMs, new Float64Array(capacity));
    this.#free = new Uint32Array(capacity);
    this.#answered = enlarged(this.#answered, new Uint32Array(capacity));
    this.#offer(capacity);
  }

  /** Frees the slots from the present capacity up to this one; none is free before. */
  #offer(capacity: number): void {
    for (let slot = capacity - 1; slot >= this.#capacity; slot--) {
      this.#free[this.#freeCount] = slot;
      this.#freeCount += 1;
    }
    this.#capacity = capacity;
  }
}

function enlarged<T extends Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
