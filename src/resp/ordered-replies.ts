/**
 * Replies in the order of their requests, whatever the order in which they become ready: one whose
 * turn it is goes to the output at once, another is held until those before it are there. A
 * request costs no object: its slot is its token, and the queue is a ring of tokens.
 */

import type { ConnectionOutput } from '../server/connection-output.ts';
import type { Flushable } from '../server/flush-queue.ts';
import { NO_TIMEOUT_MS, RequestSlots } from '../server/request-slots.ts';
import type { ServerServices } from '../server/server-services.ts';
import type { SlowRequester } from '../server/slow-log.ts';
import { HeldReplies } from './held-replies.ts';
import type { ReplyTarget } from './reply-writer.ts';

const CAPACITY_FIRST = 16;
/** Slots want an id that is not 0. */
const SOME_ID = 1;

/** Of a request: its reply is not ready; or is, and waits. */
const WAITING = 0;
const HELD = 1;
/** Added: it was answered before the store did; the store did so since; its reply has left. */
const EARLY = 2;
const DROPPED = 4;
const LEFT = 8;

export class OrderedReplies {
  /** Requests whose replies have not left. */
  inFlight = 0;
  /** Requests that were answered early, and that the store will answer. */
  abandoned = 0;
  readonly slots = new RequestSlots();
  readonly #output: ConnectionOutput;
  readonly #services: ServerServices;
  readonly #held = new HeldReplies();
  #heldCount = 0;
  #heldFrom = 0;
  /** Tokens in the order of their requests, from `#head` to `#tail`. */
  #ring = new Uint32Array(CAPACITY_FIRST);
  #head = 0;
  #tail = 0;
  // by token
  #states = new Uint8Array(CAPACITY_FIRST);
  #heldAt = new Uint32Array(CAPACITY_FIRST);
  #heldBytes = new Uint32Array(CAPACITY_FIRST);

  constructor(output: ConnectionOutput, services: ServerServices) {
    this.#output = output;
    this.#services = services;
  }

  /** A request comes; its reply goes behind those of all before it. */
  take(nowMs: number, op: number, bytesIn: number, timeoutMs: number): number {
    const token = this.slots.take(nowMs, SOME_ID, op, bytesIn, timeoutMs);
    this.reserveToken(token);
    if (this.#tail - this.#head === this.#ring.length) this.#growRing();
    this.#states[token] = WAITING;
    this.#ring[this.#tail & (this.#ring.length - 1)] = token;
    this.#tail += 1;
    this.inFlight += 1;
    this.#services.load.requests.add(1);
    return token;
  }

  /** A token that has no place in the order has one in the tables all the same. */
  reserveToken(token: number): void {
    while (token >= this.#states.length) this.#growTokens();
    this.#states[token] = WAITING;
  }

  /** Where to write the reply; `end` follows in the same turn, without another `begin` between. */
  begin(token: number): ReplyTarget {
    if (this.#isFirst(token)) return this.#output.buffer;
    this.#heldFrom = this.#held.at;
    return this.#held;
  }

  /** The reply is written. */
  end(token: number): void {
    if (this.#isFirst(token)) {
      this.#leave(token);
      this.#release();
      return;
    }
    const bytes = this.#held.at - this.#heldFrom;
    this.#states[token] = (this.#states[token] as number) | HELD;
    this.#heldAt[token] = this.#heldFrom;
    this.#heldBytes[token] = bytes;
    this.#heldCount += 1;
    this.#output.waitingBytes = this.#held.at;
    if (!this.wasEarly(token)) this.slots.extend(token, NO_TIMEOUT_MS);
  }

  /** It has been answered though the store has not, and will. Before `begin`. */
  markEarly(token: number, nowMs: number, requester: SlowRequester): void {
    const { latencies, slowLog, load } = this.#services;
    this.abandoned += 1;
    load.requests.add(1);
    this.#states[token] = EARLY;
    this.slots.answerEarly(token, nowMs, latencies, slowLog, requester);
  }

  wasEarly(token: number): boolean {
    return ((this.#states[token] as number) & EARLY) !== 0;
  }

  /** The store has answered one that was answered early. */
  drop(token: number): void {
    this.abandoned -= 1;
    this.#services.load.requests.add(-1);
    const state = this.#states[token] as number;
    if ((state & LEFT) !== 0) this.slots.giveUp(token);
    else this.#states[token] = state | DROPPED;
  }

  settle(nowMs: number, requester: SlowRequester & Flushable): void {
    if (this.slots.answeredCount === 0) return;
    const { latencies, slowLog } = this.#services;
    this.slots.settle(nowMs, latencies, slowLog, requester);
  }

  #isFirst(token: number): boolean {
    return this.#ring[this.#head & (this.#ring.length - 1)] === token && this.#head < this.#tail;
  }

  /** The reply of the first one stands in the output. */
  #leave(token: number): void {
    this.#head += 1;
    this.inFlight -= 1;
    this.#services.load.requests.add(-1);
    const state = this.#states[token] as number;
    if ((state & EARLY) === 0) this.slots.answer(token);
    else if ((state & DROPPED) === 0) this.#states[token] = state | LEFT;
    else this.slots.giveUp(token);
  }

  /** Those that waited for it follow. */
  #release(): void {
    if (this.#heldCount === 0) return;
    const { buffer } = this.#output;
    while (this.#head < this.#tail) {
      const token = this.#ring[this.#head & (this.#ring.length - 1)] as number;
      if (((this.#states[token] as number) & HELD) === 0) break;
      const start = this.#heldAt[token] as number;
      const bytes = this.#heldBytes[token] as number;
      buffer.reserve(bytes);
      this.#held.bytes.copy(buffer.bytes, buffer.at, start, start + bytes);
      buffer.at += bytes;
      this.#heldCount -= 1;
      this.#leave(token);
    }
    if (this.#heldCount > 0) return;
    this.#held.clear();
    this.#output.waitingBytes = 0;
  }

  #growTokens(): void {
    const capacity = this.#states.length * 2;
    const states = new Uint8Array(capacity);
    states.set(this.#states);
    this.#states = states;
    const heldAt = new Uint32Array(capacity);
    heldAt.set(this.#heldAt);
    this.#heldAt = heldAt;
    const heldBytes = new Uint32Array(capacity);
    heldBytes.set(this.#heldBytes);
    this.#heldBytes = heldBytes;
  }

  #growRing(): void {
    const before = this.#ring;
    const ring = new Uint32Array(before.length * 2);
    for (let index = this.#head; index < this.#tail; index++) {
      ring[index & (ring.length - 1)] = before[index & (before.length - 1)] as number;
    }
    this.#ring = ring;
  }
}
