/** Requests waiting to be sent, in order, bounded by count and bytes. */

import { CaskError } from '../errors/cask-error.ts';
import type { Pending } from './pending.ts';

/** Below this many dead places the queue is not worth compacting. */
const COMPACT_MIN = 1024;

export class RequestQueue {
  #items: Pending[] = [];
  #head = 0;
  #live = 0;
  #bytes = 0;
  readonly #maxItems: number;
  readonly #maxBytes: number;

  constructor(maxItems: number, maxBytes: number) {
    this.#maxItems = maxItems;
    this.#maxBytes = maxBytes;
  }

  /** Requests that still wait; those given up do not count. */
  get length(): number {
    return this.#live;
  }

  /** @returns false when the queue is full */
  push(pending: Pending): boolean {
    if (this.#live >= this.#maxItems || this.#bytes + pending.bytes > this.#maxBytes) return false;
    this.#compact();
    this.#items.push(pending);
    this.#live += 1;
    this.#bytes += pending.bytes;
    return true;
  }

  /** Puts back requests that had their turn, before all others. The bounds do not apply. */
  putBack(returned: readonly Pending[]): void {
    this.#items = [...returned, ...this.#items.slice(this.#head)].sort(
      (one, other) => one.order - other.order,
    );
    this.#head = 0;
    this.#live += returned.length;
    for (const { bytes } of returned) this.#bytes += bytes;
  }

  /** The next one; undefined when none waits. */
  shift(): Pending | undefined {
    while (this.#head < this.#items.length) {
      const pending = this.#items[this.#head] as Pending;
      this.#head += 1;
      if (this.#head === this.#items.length) {
        this.#items = [];
        this.#head = 0;
      }
      if (pending.settled) continue;
      this.#live -= 1;
      this.#bytes -= pending.bytes;
      return pending;
    }
    return undefined;
  }

  /** Tells that a waiting request has been settled otherwise. */
  forget(pending: Pending): void {
    this.#live -= 1;
    this.#bytes -= pending.bytes;
  }

  /** Takes out all that wait. */
  drain(): Pending[] {
    const waiting = this.#items.slice(this.#head).filter(({ settled }) => !settled);
    this.#items = [];
    this.#head = 0;
    this.#live = 0;
    this.#bytes = 0;
    return waiting;
  }

  *[Symbol.iterator](): Generator<Pending> {
    for (let at = this.#head; at < this.#items.length; at++) {
      const pending = this.#items[at] as Pending;
      if (!pending.settled) yield pending;
    }
  }

  fullError(): CaskError {
    return new CaskError(
      'QUEUE_FULL',
      `${this.#live} requests (${this.#bytes} bytes) wait to be sent already; the limits are ` +
        `${this.#maxItems} and ${this.#maxBytes} (maxQueueItems, maxQueueBytes)`,
    );
  }

  #compact(): void {
    const dead = this.#items.length - this.#live;
    if (dead < COMPACT_MIN || dead < this.#live) return;
    this.#items = this.#items.slice(this.#head).filter(({ settled }) => !settled);
    this.#head = 0;
  }
}
