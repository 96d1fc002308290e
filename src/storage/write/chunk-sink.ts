/** Gathers the answers to many deletes: how many keys they removed, and what went wrong first. */

import { assert, type CaskError } from '../../errors/cask-error.ts';
import type { ReplySink } from '../reply-sink.ts';

export class ChunkSink implements ReplySink {
  /** Keys deleted, over all chunks. */
  deleted = 0;
  /** Of the last key deleted; 0: none was. */
  revision = 0;
  #unanswered = 0;
  #problem: CaskError | undefined;
  #onSettled: (() => void) | undefined;

  /** One more answer is to come. @returns its token */
  expect(): number {
    this.#unanswered += 1;
    return 0;
  }

  /** Resolves when all answers are there, to the first failure among them. */
  async settled(): Promise<CaskError | undefined> {
    if (this.#unanswered > 0) {
      await new Promise<void>((resolve) => {
        this.#onSettled = resolve;
      });
    }
    const problem = this.#problem;
    this.#problem = undefined;
    return problem;
  }

  onDelete(_token: number, revision: number): void {
    if (revision > 0) {
      this.deleted += 1;
      this.revision = revision;
    }
    this.#answered();
  }

  onError(_token: number, error: CaskError): void {
    // The entry is another one by now: it stays.
    if (error.code !== 'CONFLICT') this.#problem ??= error;
    this.#answered();
  }

  onValue(): void {
    assert(false, 'only deletes are asked for');
  }

  onAbsent(): void {
    assert(false, 'only deletes are asked for');
  }

  onExists(): void {
    assert(false, 'only deletes are asked for');
  }

  onPut(): void {
    assert(false, 'only deletes are asked for');
  }

  #answered(): void {
    this.#unanswered -= 1;
    if (this.#unanswered > 0) return;
    this.#onSettled?.();
    this.#onSettled = undefined;
  }
}
