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

  /** Runs a request that answers to the token it is given. */
  ask<T>(request: (token: number) => void): Promise<T> {
    this.#lastToken += 1;
    const token = this.#lastToken;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(token, { resolve: resolve as (answer: unknown) => void, reject });
      request(token);
    });
  }

  onValue(token: number, entry: EntryView): void {
    const value = Buffer.allocUnsafe(entry.valueBytes);
    value.set(entry.buffer.subarray(entry.valueStart, entry.valueStart + entry.valueBytes));
    const answer: ValueAnswer = { value, ...metaOf(entry) };
    this.#take(token)?.resolve(answer);
  }

  onAbsent(token: number): void {
    this.#take(token)?.resolve(undefined);
  }

  onExists(token: number, exists: boolean): void {
    this.#take(token)?.resolve(exists);
  }

  onPut(token: number, outcome: PutOutcome): void {
    this.#take(token)?.resolve(metaOf(outcome));
  }

  onDelete(token: number, revision: number): void {
    this.#take(token)?.resolve(revision);
  }

  onModified(token: number, _modifier: Modifier, outcome: PutOutcome): void {
    this.#take(token)?.resolve(outcome.revision === 0 ? undefined : metaOf(outcome));
  }

  onError(token: number, error: CaskError): void {
    this.#take(token)?.reject(error);
  }

  #take(token: number): Waiting | undefined {
    const waiting = this.#waiting.get(token);
    this.#waiting.delete(token);
    return waiting;
  }
}

function metaOf(outcome: PutOutcome): EntryMeta {
  const { revision, version, createdAt, updatedAt, expiresAt } = outcome;
  return {
    revision,
    version,
    createdAt,
    updatedAt,
    expiresAt: expiresAt === 0 ? undefined : expiresAt,
  };
}
