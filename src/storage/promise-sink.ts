/** Turns a session's answers into promises: for embedders, who ask one thing at a time. */

import type { CaskError } from '../errors/cask-error.ts';
import type { EntryMeta } from '../vocabulary/entry.ts';
import type { Modifier } from './modifier.ts';
import type { EntryView, PutOutcome, ReplySink } from './reply-sink.ts';

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: CaskError) => void;
}

/** A value and what is known of it, copied out of the store's buffers. */
export interface ValueAnswer extends EntryMeta {
  readonly value: Buffer;
}

export class PromiseSink implements ReplySink {
  readonly #waiting = new Map<number, Waiting>();
  #lastToken = 0;
  /** Of `askNow`, while its request runs; 0: it does not. */
  #nowToken = 0;
  #isAnswered = false;
  #answer: unknown;
  #error: CaskError | undefined;

  /** Runs a request that answers to the token it is given. */
  ask<T>(request: (token: number) => void): Promise<T> {
    this.#lastToken += 1;
    const token = this.#lastToken;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(token, { resolve: resolve as (answer: unknown) => void, reject });
      request(token);
    });
  }

  /**
   * As `ask`, without a promise for what is answered while the request runs.
   * @throws what it is refused with meanwhile
   */
  askNow<T>(request: (token: number) => void): T | Promise<T> {
    this.#lastToken += 1;
    const token = this.#lastToken;
    this.#nowToken = token;
    request(token);
    this.#nowToken = 0;
    if (!this.#isAnswered) {
      return new Promise<T>((resolve, reject) => {
        this.#waiting.set(token, { resolve: resolve as (answer: unknown) => void, reject });
      });
    }
    const answer = this.#answer as T;
    const error = this.#error;
    this.#isAnswered = false;
    this.#answer = undefined;
    this.#error = undefined;
    if (error !== undefined) throw error;
    return answer;
  }

  onValue(token: number, entry: EntryView): void {
    const value = Buffer.allocUnsafe(entry.valueBytes);
    value.set(entry.buffer.subarray(entry.valueStart, entry.valueStart + entry.valueBytes));
    const { revision, version, createdAt, updatedAt } = entry;
    const expiresAt = expiryOf(entry);
    const answer: ValueAnswer = { value, revision, version, createdAt, updatedAt, expiresAt };
    this.#resolve(token, answer);
  }

  onAbsent(token: number): void {
    this.#resolve(token, undefined);
  }

  onExists(token: number, exists: boolean): void {
    this.#resolve(token, exists);
  }

  onPut(token: number, outcome: PutOutcome): void {
    this.#resolve(token, metaOf(outcome));
  }

  onDelete(token: number, revision: number): void {
    this.#resolve(token, revision);
  }

  onModified(token: number, _modifier: Modifier, outcome: PutOutcome): void {
    this.#resolve(token, outcome.revision === 0 ? undefined : metaOf(outcome));
  }

  onError(token: number, error: CaskError): void {
    if (token === this.#nowToken) {
      this.#isAnswered = true;
      this.#error = error;
    } else this.#take(token)?.reject(error);
  }

  #resolve(token: number, answer: unknown): void {
    if (token === this.#nowToken) {
      this.#isAnswered = true;
      this.#answer = answer;
    } else this.#take(token)?.resolve(answer);
  }

  #take(token: number): Waiting | undefined {
    const waiting = this.#waiting.get(token);
    this.#waiting.delete(token);
    return waiting;
  }
}

function metaOf(outcome: PutOutcome): EntryMeta {
  const { revision, version, createdAt, updatedAt } = outcome;
  return { revision, version, createdAt, updatedAt, expiresAt: expiryOf(outcome) };
}

function expiryOf({ expiresAt }: PutOutcome): number | undefined {
  return expiresAt === 0 ? undefined : expiresAt;
}
