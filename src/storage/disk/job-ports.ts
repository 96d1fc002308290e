/** Job ports over worker threads: one end in the engine, the other in the thread. */

import { parentPort, Worker } from 'node:worker_threads';
import { assert, CaskError, type ErrorDetails } from '../../errors/cask-error.ts';
import { ERROR_CODES, type ErrorCode } from '../../errors/error-codes.ts';
import type { JobHandle, JobHost, JobMessage, JobName, JobPort } from './environment.ts';
import { systemErrorCode } from './file-system.ts';

/** What a Worker and a MessagePort have in common. */
interface Line {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: JobMessage) => void): unknown;
}

/** A port over a line; messages that come before there is a listener are kept for it. */
function portOver(line: Line): JobPort {
  let listener: ((message: JobMessage) => void) | undefined;
  const early: JobMessage[] = [];
  line.on('message', (message) => {
    if (listener === undefined) early.push(message);
    else listener(message);
  });
  return {
    post(message) {
      line.postMessage(message);
    },
    onMessage(given) {
      assert(listener === undefined, 'a job port has one listener');
      listener = given;
      for (const message of early.splice(0)) given(message);
    },
  };
}

/** What the worker file finds as its `workerData`. */
export interface WorkerInput {
  readonly name: JobName;
  readonly input: JobMessage;
}

/** The job's end of the line, and the way to let the thread end. */
export interface ParentLine {
  readonly port: JobPort;
  /** No more messages are wanted: the thread ends when its work does. */
  close(): void;
}

/** For the worker file: the line to the engine. */
export function parentLine(): ParentLine {
  assert(parentPort !== null, 'this runs in a worker thread');
  const line = parentPort;
  return { port: portOver(line), close: () => line.close() };
}

/** What a thread threw. Errors come over as copies: a CaskError's code survives, its class does not. */
function failureOf(name: JobName, thrown: unknown): CaskError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const code = systemErrorCode(thrown) ?? '';
  const details = thrown instanceof Error && 'details' in thrown ? thrown.details : undefined;
  const options = {
    cause: thrown,
    ...(details === undefined ? {} : { details: details as ErrorDetails }),
  };
  const known = Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'INTERNAL';
  return new CaskError(known, `the ${name} job failed: ${message}`, options);
}

/** A job in its thread. */
class WorkerJob implements JobHandle {
  readonly port: JobPort;
  readonly done: Promise<void>;
  readonly #worker: Worker;
  #terminated = false;

  constructor(worker: Worker, name: JobName) {
    this.#worker = worker;
    this.port = portOver(worker);
    this.done = new Promise((resolve, reject) => {
      let failure: CaskError | undefined;
      worker.once('error', (thrown) => {
        failure = failureOf(name, thrown);
      });
      worker.once('exit', (exitCode) => {
        if (failure !== undefined) reject(failure);
        // The exit code of a terminated thread may be 0, too.
        else if (this.#terminated) reject(new CaskError('CANCELLED', `the ${name} job was ended`));
        else if (exitCode === 0) resolve();
        else reject(new CaskError('INTERNAL', `the ${name} job ended with code ${exitCode}`));
      });
    });
    this.done.catch(() => {}); // a job that nobody waits for any more fails unheard
  }

  async terminate(): Promise<void> {
    this.#terminated = true;
    await this.#worker.terminate();
  }
}

/** Runs each job in a worker thread of its own. */
export class WorkerJobHost implements JobHost {
  readonly #file: URL;

  /** @param file what the threads run; it finds a `WorkerInput` as its workerData */
  constructor(file: URL) {
    this.#file = file;
  }

  start(name: JobName, input: JobMessage): JobHandle {
    const workerData: WorkerInput = { name, input };
    return new WorkerJob(new Worker(this.#file, { workerData, name }), name);
  }
}
