/** Background jobs in this thread, over the test's own file system. */

import { CaskError } from '../../../src/errors/cask-error.ts';
import { ERROR_CODES, type ErrorCode } from '../../../src/errors/error-codes.ts';
import type {
  Environment,
  JobHandle,
  JobHost,
  JobMessage,
  JobName,
  JobPort,
} from '../../../src/storage/disk/environment.ts';
import {
  type FileHandle,
  systemErrorCode,
  toFileError,
} from '../../../src/storage/disk/file-system.ts';
import { runJob } from '../../../src/storage/merge/jobs.ts';

/** One end of a line; messages are cloned and arrive in a later turn, as between threads. */
class InlinePort implements JobPort {
  peer: InlinePort | undefined;
  isCut = false;
  readonly #early: JobMessage[] = [];
  #listener: ((message: JobMessage) => void) | undefined;

  post(message: JobMessage): void {
    const copy = structuredClone(message);
    setImmediate(() => {
      if (!this.isCut) this.peer?.arrive(copy);
    });
  }

  onMessage(listener: (message: JobMessage) => void): void {
    this.#listener = listener;
    for (const message of this.#early.splice(0)) listener(message);
  }

  arrive(message: JobMessage): void {
    if (this.#listener === undefined) this.#early.push(message);
    else this.#listener(message);
  }
}

/** The files of a job: when it is ended, its operations never come back, and its files are closed. */
class JobFiles {
  readonly #open = new Set<FileHandle>();
  #inFlight = 0;
  #isEnded = false;

  guard<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (_, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => this.#run(name, target, () => member.apply(target, args));
      },
    });
  }

  async end(): Promise<void> {
    this.#isEnded = true;
    while (this.#inFlight > 0) await new Promise((resolve) => setImmediate(resolve));
    for (const file of this.#open) await file.close();
  }

  async #run(name: string | symbol, target: object, operation: () => unknown): Promise<unknown> {
    if (this.#isEnded) return new Promise(() => {});
    this.#inFlight += 1;
    try {
      const result = await operation();
      if (name === 'close') this.#open.delete(target as FileHandle);
      if (name !== 'open') return await this.#unlessEnded(result);
      this.#open.add(result as FileHandle);
      return await this.#unlessEnded(this.guard(result as FileHandle));
    } finally {
      this.#inFlight -= 1;
    }
  }

  #unlessEnded<T>(result: T): T | Promise<never> {
    if (!this.#isEnded) return result;
    this.#inFlight -= 1;
    return new Promise(() => {});
  }
}

export interface StartedJob {
  readonly name: JobName;
  /** Whether it ended, by itself or not. */
  isOver: boolean;
}

export class InlineJobHost implements JobHost {
  readonly started: StartedJob[] = [];
  /** Called for each message that a job sends; may throw in the job's name. */
  onAsked: (name: JobName, message: JobMessage) => void = () => {};
  environment: Environment | undefined;

  start(name: JobName, input: JobMessage): JobHandle {
    const here = new InlinePort();
    const there = new InlinePort();
    here.peer = there;
    there.peer = here;
    const started: StartedJob = { name, isOver: false };
    this.started.push(started);
    let end: (failure: CaskError | undefined) => void = () => {};
    const done = new Promise<void>((resolve, reject) => {
      end = (failure) => {
        started.isOver = true;
        // After the messages that were posted before.
        setImmediate(() => (failure === undefined ? resolve() : reject(failure)));
      };
    });
    done.catch(() => {});
    const port: JobPort = {
      post: (message) => {
        this.onAsked(name, message);
        there.post(message);
      },
      onMessage: (listener) => there.onMessage(listener),
    };
    if (this.environment === undefined) throw new Error('the job host has its environment');
    const files = new JobFiles();
    const environment = { ...this.environment, fs: files.guard(this.environment.fs) };
    runJob(name, environment, port, structuredClone(input)).then(
      () => end(undefined),
      (thrown: unknown) => end(failureOf(name, thrown)),
    );
    return {
      port: here,
      done,
      terminate: async () => {
        there.isCut = true;
        here.isCut = true;
        await files.end();
        end(new CaskError('CANCELLED', `the ${name} job was ended`));
        await done.catch(() => {});
      },
    };
  }
}

/** As `job-ports.ts` has it: a code survives the way between threads, the class does not. */
function failureOf(name: JobName, thrown: unknown): CaskError {
  const { code, message } = toFileError(thrown, `the ${name} job failed`);
  const theirs = systemErrorCode(thrown) ?? '';
  const known = Object.hasOwn(ERROR_CODES, theirs) ? (theirs as ErrorCode) : code;
  const details = thrown instanceof CaskError ? thrown.details : undefined;
  const options = details === undefined ? { cause: thrown } : { cause: thrown, details };
  return new CaskError(known, message, options);
}
