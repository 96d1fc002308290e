/**
 * The long work of a store: at most so many jobs at a time, each with its progress and a way to
 * stop it, and the last few that ended.
 *
 *     const result = await jobs.run({ kind: 'scrub', unit: 'bytes', total }, async (job) => {
 *       for (...) { job.signal.throwIfAborted(); ...; job.progress(done); }
 *       return { bytes, damaged };
 *     });
 */

import { cancellationOf } from '../../errors/cancelled.ts';
import { CaskError, toCaskError } from '../../errors/cask-error.ts';
import { limitError } from '../../errors/limit-error.ts';
import type { ProgressListener } from '../../vocabulary/entry.ts';
import type { JobState, JobStatus } from '../../vocabulary/job-status.ts';
import type { Clock } from '../disk/environment.ts';
import type { JobControl, JobRequest } from './job.ts';

/** Jobs that have ended and are still told of. */
export const JOB_HISTORY_MAX = 64;

class Job implements JobControl {
  readonly id: number;
  readonly kind: string;
  readonly unit: string;
  readonly startedAt: number;
  readonly startedMs: number;
  readonly controller = new AbortController();
  state: JobState = 'running';
  done = 0;
  total: number | undefined;
  ms = 0;
  error: CaskError | undefined;
  result: object | undefined;
  #onProgress: ProgressListener | undefined;

  constructor(id: number, request: JobRequest, clock: Clock) {
    this.id = id;
    this.kind = request.kind;
    this.unit = request.unit;
    this.#onProgress = request.onProgress;
    this.total = request.total;
    this.startedAt = Math.floor(clock.wallMs());
    this.startedMs = clock.monotonicMs();
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  progress(done: number, total: number | undefined = this.total): void {
    this.done = done;
    this.total = total;
    this.#onProgress?.(done, total);
  }

  /** Nobody is told any more, nor held in memory by the history. */
  end(state: JobState, ms: number): void {
    this.state = state;
    this.ms = ms;
    this.#onProgress = undefined;
  }

  stop(reason: CaskError): void {
    if (this.state !== 'running') return;
    this.state = 'cancelling';
    this.controller.abort(reason);
  }
}

export class JobRegistry {
  /** Jobs that may run at a time; with less than run already, those go on. */
  maxRunning: number;
  /** The most that ran at a time, and how many were refused. */
  runningHigh = 0;
  refused = 0;
  readonly #clock: Clock;
  readonly #running = new Map<number, Job>();
  /** The oldest first. */
  readonly #ended: Job[] = [];
  #lastId = 0;
  #closedBy: CaskError | undefined;
  #onIdle: (() => void)[] = [];

  constructor(clock: Clock, maxRunning: number) {
    this.#clock = clock;
    this.maxRunning = maxRunning;
  }

  get running(): number {
    return this.#running.size;
  }

  /**
   * Runs the work as a job; settles as the work does. What the work resolves to is kept with the
   * job: small plain data.
   * @throws CaskError BUSY; CLOSED; CANCELLED when `request.signal` has aborted already
   */
  async run<T extends object>(
    request: JobRequest,
    work: (job: JobControl) => Promise<T>,
  ): Promise<T> {
    const problem = this.#closedBy ?? cancellationOf(request.signal) ?? this.#busy();
    if (problem !== undefined) throw problem;
    this.#lastId += 1;
    const job = new Job(this.#lastId, request, this.#clock);
    this.#running.set(job.id, job);
    this.runningHigh = Math.max(this.runningHigh, this.running);
    const abort = (): void => job.stop(cancelled(`${request.kind} was cancelled by its caller`));
    request.signal?.addEventListener('abort', abort);
    try {
      const result = await work(job);
      job.result = result;
      this.#end(job, 'done');
      return result;
    } catch (thrown) {
      const error = toCaskError(thrown);
      job.error = error;
      this.#end(job, error.code === 'CANCELLED' ? 'cancelled' : 'failed');
      throw error;
    } finally {
      request.signal?.removeEventListener('abort', abort);
    }
  }

  /** Those that run, then those that have ended; the newest of each first. */
  list(): JobStatus[] {
    const ended = this.#ended.map((job) => this.#statusOf(job)).reverse();
    return [...this.listRunning(), ...ended];
  }

  /** The newest first. */
  listRunning(): JobStatus[] {
    return Array.from(this.#running.values(), (job) => this.#statusOf(job)).reverse();
  }

  /** Undefined: there is no such job, or it ended too long ago. */
  status(id: number): JobStatus | undefined {
    const job = this.#find(id);
    return job === undefined ? undefined : this.#statusOf(job);
  }

  /** Tells a job to stop, which it does when it next looks. @returns false: it does not run */
  cancel(id: number): boolean {
    const job = this.#running.get(id);
    job?.stop(cancelled(`job ${id} (${job.kind}) was cancelled`));
    return job !== undefined;
  }

  /** Tells all jobs to stop, and what to fail of. */
  stopAll(reason: CaskError): void {
    for (const job of this.#running.values()) job.stop(reason);
  }

  /**
   * Takes no more, stops what runs, and resolves when nothing does.
   * @param stopWith what the jobs that run fail of
   */
  async close(closedBy: CaskError, stopWith: CaskError = closedBy): Promise<void> {
    this.#closedBy ??= closedBy;
    this.stopAll(stopWith);
    while (this.#running.size > 0) {
      await new Promise<void>((resolve) => this.#onIdle.push(resolve));
    }
  }

  #busy(): CaskError | undefined {
    if (this.#running.size < this.maxRunning) return undefined;
    this.refused += 1;
    const message = `${this.maxRunning} jobs run already (maxJobs)`;
    const advice = 'wait for one to end, or cancel one';
    return limitError('BUSY', `${message}; ${advice}`, 'maxJobs', this.maxRunning);
  }

  #end(job: Job, state: JobState): void {
    job.end(state, this.#clock.monotonicMs() - job.startedMs);
    this.#running.delete(job.id);
    this.#ended.push(job);
    if (this.#ended.length > JOB_HISTORY_MAX) this.#ended.shift();
    if (this.#running.size === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  #find(id: number): Job | undefined {
    return this.#running.get(id) ?? this.#ended.find((job) => job.id === id);
  }

  #statusOf(job: Job): JobStatus {
    const { id, kind, state, unit, done, total, startedAt, error, result } = job;
    const isOver = state !== 'running' && state !== 'cancelling';
    const ms = Math.round(isOver ? job.ms : this.#clock.monotonicMs() - job.startedMs);
    const failure = error === undefined ? undefined : { code: error.code, message: error.message };
    return { id, kind, state, unit, done, total, startedAt, ms, error: failure, result };
  }
}

function cancelled(message: string): CaskError {
  return new CaskError('CANCELLED', message);
}
