/**
 * Requests that are answered through a promise, when their work is done. They may be answered
 * before that, for they were cancelled or took too long; then the work is told that nobody waits,
 * and goes on for as long as it must, counted until it is over.
 */

import { CaskError, toCaskError } from '../errors/cask-error.ts';
import type { Patience } from '../storage/patience.ts';
import type { LaterAnswer } from './commands/command.ts';
import { type PendingAnswer, PendingAnswers } from './pending-answers.ts';
import type { ServerServices } from './server-services.ts';

/** Where the replies are made. */
export interface AnswerTaker {
  succeed<T>(answer: PendingAnswer, result: T, how: LaterAnswer<T>): void;
  refuse(token: number, id: number, error: CaskError): void;
  /** Something that nobody waited for is over: there may be room for more. */
  workEnded(): void;
}

/** A request at hand. */
export interface LaterRequest {
  readonly id: number;
  readonly token: number;
  /** Of its frame, which its work holds on to. */
  readonly bytes: number;
}

export class LaterAnswers {
  /** Of the frames that work holds on to. */
  bytes = 0;
  /** Work that nobody waits for. */
  abandoned = 0;
  readonly #taker: AnswerTaker;
  readonly #services: Pick<ServerServices, 'load' | 'frames'>;
  readonly #pending = new PendingAnswers();
  #closed = false;

  constructor(taker: AnswerTaker, services: Pick<ServerServices, 'load' | 'frames'>) {
    this.#taker = taker;
    this.#services = services;
  }

  has(id: number): boolean {
    return this.#pending.size > 0 && this.#pending.has(id);
  }

  add<T>(
    { id, token, bytes }: LaterRequest,
    work: Promise<T>,
    how: LaterAnswer<T>,
    patience: Patience,
  ): void {
    const { cancellable, leftAtShutdown = false, goesOn = false, stop } = how;
    const facts = { cancellable, leftAtShutdown, goesOn, stop };
    const answer: PendingAnswer = { id, token, patience, ...facts };
    this.#pending.add(answer);
    this.#hold(bytes);
    work.then(
      (result) => {
        this.#hold(-bytes);
        if (this.#pending.settle(answer)) this.#taker.succeed(answer, result, how);
        else this.#workEnded();
      },
      (thrown: unknown) => {
        this.#hold(-bytes);
        if (this.#pending.settle(answer)) this.#taker.refuse(token, id, toCaskError(thrown));
        else this.#workEnded();
      },
    );
  }

  /** Stops a request, or answers CANCELLED if it can be left alone. @returns did it wait */
  cancel(id: number): boolean {
    const answer = this.#pending.get(id);
    if (answer === undefined) return false;
    if (answer.stop !== undefined) {
      answer.stop();
      return true;
    }
    // a batch can be taken back until it is sequenced
    const mayEnd = answer.cancellable || !answer.patience.sequenced;
    if (mayEnd) this.end(answer, new CaskError('CANCELLED', 'cancelled by the client'));
    return true;
  }

  /** The one that has this slot and waits. */
  waitingAt(id: number, token: number): PendingAnswer | undefined {
    const answer = this.#pending.get(id);
    return answer?.token === token ? answer : undefined;
  }

  /** Answers one that waits; nobody waits for its work from here on. */
  end(answer: PendingAnswer, error: CaskError): void {
    this.#pending.settle(answer);
    this.#abandon(answer);
    this.#taker.refuse(answer.token, answer.id, error);
  }

  /** Answers what a stopping server does not wait for. */
  endLeftAtShutdown(reason: string): void {
    const error = new CaskError('SHUTTING_DOWN', `${reason}; the work goes on after a start`);
    for (const answer of this.#pending.takeLeftAtShutdown()) this.end(answer, error);
  }

  /** Nobody waits for any of it. */
  close(): void {
    this.#closed = true;
    for (const { patience } of this.#pending.values()) patience.over = true;
    this.#pending.clear();
  }

  #abandon({ patience, stop }: PendingAnswer): void {
    patience.over = true;
    stop?.();
    this.abandoned += 1;
    this.#services.load.requests.add(1);
  }

  #workEnded(): void {
    if (this.#closed) return;
    this.abandoned -= 1;
    this.#services.load.requests.add(-1);
    this.#taker.workEnded();
  }

  /** With negative bytes: holds on to them no longer. */
  #hold(bytes: number): void {
    const { load, frames } = this.#services;
    this.bytes += bytes;
    load.requestBytes.add(bytes);
    if (bytes < 0 && frames.isAwaited) frames.admitWaiting();
  }
}
