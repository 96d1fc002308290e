/**
 * Requests of a connection that are answered later through a promise. GET, PUT, DELETE and
 * EXISTS are not among them: they are only counted.
 */

import type { Patience } from '../storage/patience.ts';

export interface PendingAnswer {
  /** Of the request. */
  readonly id: number;
  /** Its slot. */
  readonly token: number;
  readonly cancellable: boolean;
  readonly leftAtShutdown: boolean;
  /** Tells the work to stop; undefined: it cannot be told. */
  readonly stop: (() => void) | undefined;
  readonly goesOn: boolean;
  /** What the work looks at. */
  readonly patience: Patience;
}

export class PendingAnswers {
  readonly #byId = new Map<number, PendingAnswer>();

  get size(): number {
    return this.#byId.size;
  }

  has(id: number): boolean {
    return this.#byId.has(id);
  }

  get(id: number): PendingAnswer | undefined {
    return this.#byId.get(id);
  }

  add(answer: PendingAnswer): void {
    this.#byId.set(answer.id, answer);
  }

  /** Takes the right to answer. @returns false: someone else has answered */
  settle(answer: PendingAnswer): boolean {
    return this.#byId.get(answer.id) === answer && this.#byId.delete(answer.id);
  }

  /** All that wait. */
  values(): Iterable<PendingAnswer> {
    return this.#byId.values();
  }

  /** Takes out what a stopping server does not wait for. */
  takeLeftAtShutdown(): PendingAnswer[] {
    const left = [...this.#byId.values()].filter(({ leftAtShutdown }) => leftAtShutdown);
    for (const { id } of left) this.#byId.delete(id);
    return left;
  }

  clear(): void {
    this.#byId.clear();
  }
}
