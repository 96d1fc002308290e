/** The engine's world, simulated: one event loop drives time, timers, files and background jobs. */

import { CaskError } from '../../src/errors/cask-error.ts';
import { ERROR_CODES, type ErrorCode } from '../../src/errors/error-codes.ts';
import type {
  Environment,
  JobHandle,
  JobHost,
  JobMessage,
  JobName,
  JobPort,
} from '../../src/storage/disk/environment.ts';
import {
  type FileHandle,
  type FileSystem,
  systemErrorCode,
} from '../../src/storage/disk/file-system.ts';
import { runJob } from '../../src/storage/merge/jobs.ts';
import type { EventLoop } from './event-loop.ts';
import type { SeededRandom } from './seeded-random.ts';
import type { SimulatedFile, SimulatedFileSystem } from './simulated-file-system.ts';

/** 2026-01-01, when every history begins. */
export const EPOCH_MS = 1_767_225_600_000;
/** A message between threads takes as long. */
const MESSAGE_MS = 0.02;
const THREAD_START_MS = 0.5;

export interface EnvironmentParts {
  readonly fs: SimulatedFileSystem;
  readonly loop: EventLoop;
  readonly random: SeededRandom;
  /** What the wall clock shows beyond virtual time. */
  readonly wallOffsetMs: () => number;
}

export function createSimulatedEnvironment(parts: EnvironmentParts): Environment {
  const { fs, loop, random, wallOffsetMs } = parts;
  const environment = {
    fs,
    clock: {
      wallMs: () => EPOCH_MS + wallOffsetMs() + loop.nowMs,
      monotonicMs: () => loop.nowMs,
    },
    scheduler: {
      endOfTurn: (task: () => void) => {
        loop.after(0, task);
      },
      after: (ms: number, task: () => void) => loop.after(ms, task),
    },
    random: { bytes: (count: number) => random.bytes(count) },
  };
  return { ...environment, jobs: new SimulatedJobHost(environment, fs, loop) };
}

/** One end of a line; messages arrive as copies, in order, a little later. */
class LocalPort implements JobPort {
  readonly #loop: EventLoop;
  peer: LocalPort | undefined;
  isClosed = false;
  #listener: ((message: JobMessage) => void) | undefined;
  readonly #early: JobMessage[] = [];

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  post(message: JobMessage): void {
    const copy = structuredClone(message);
    this.#loop.after(MESSAGE_MS, () => this.peer?.deliver(copy));
  }

  onMessage(listener: (message: JobMessage) => void): void {
    this.#listener = listener;
    for (const message of this.#early.splice(0)) listener(message);
  }

  deliver(message: JobMessage): void {
    if (this.isClosed) return;
    if (this.#listener === undefined) this.#early.push(message);
    else this.#listener(message);
  }
}

/** The file system as a thread sees it: after its end nothing comes back, and its files close. */
class JobFiles {
  readonly #open = new Set<FileHandle>();
  #isEnded = false;

  end(): void {
    this.#isEnded = true;
    for (const file of this.#open) (file as SimulatedFile).abandon();
  }

  /** A view of `fs` whose calls never settle once the thread has ended. */
  guard(fs: SimulatedFileSystem): FileSystem {
    return new Proxy(fs, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => this.#watch(name, member.apply(target, args));
      },
    });
  }

  #watch(name: string | symbol, result: unknown): unknown {
    if (!(result instanceof Promise)) return result;
    return new Promise((resolve, reject) => {
      result.then(
        (value: unknown) => {
          if (name === 'open') value = this.#adopt(value as FileHandle);
          if (!this.#isEnded) resolve(value);
        },
        (thrown: unknown) => {
          if (!this.#isEnded) reject(thrown);
        },
      );
    });
  }

  #adopt(file: FileHandle): FileHandle {
    if (this.#isEnded) (file as SimulatedFile).abandon();
    this.#open.add(file);
    return new Proxy(file, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => this.#watch(name, member.apply(target, args));
      },
    });
  }
}

/** As `job-ports.ts` has it: a code survives the way between threads, a class does not. */
function failureOf(name: JobName, thrown: unknown): CaskError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const code = systemErrorCode(thrown) ?? '';
  const known = Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'INTERNAL';
  return new CaskError(known, `the ${name} job failed: ${message}`, { cause: thrown });
}

/** Runs jobs in this thread, as if in one of their own. */
class SimulatedJobHost implements JobHost {
  readonly #environment: Omit<Environment, 'jobs'>;
  readonly #fs: SimulatedFileSystem;
  readonly #loop: EventLoop;

  constructor(environment: Omit<Environment, 'jobs'>, fs: SimulatedFileSystem, loop: EventLoop) {
    this.#environment = environment;
    this.#fs = fs;
    this.#loop = loop;
  }

  start(name: JobName, input: JobMessage): JobHandle {
    const loop = this.#loop;
    const here = new LocalPort(loop);
    const there = new LocalPort(loop);
    here.peer = there;
    there.peer = here;
    const files = new JobFiles();
    const copy = structuredClone(input);
    let end: (failure: CaskError | undefined) => void = () => {};
    const done = new Promise<void>((resolve, reject) => {
      end = (failure) => {
        loop.after(MESSAGE_MS, () => {
          there.isClosed = true;
          if (failure === undefined) resolve();
          else reject(failure);
        });
      };
    });
    done.catch(() => {});
    loop.after(THREAD_START_MS, () => {
      const environment: Environment = {
        ...this.#environment,
        fs: files.guard(this.#fs),
        jobs: this,
      };
      runJob(name, environment, there, copy).then(
        () => end(undefined),
        (thrown: unknown) => end(failureOf(name, thrown)),
      );
    });
    const terminate = async (): Promise<void> => {
      files.end();
      there.isClosed = true;
      end(new CaskError('CANCELLED', `the ${name} job was ended`));
      await done.catch(() => {});
    };
    return { port: here, done, terminate };
  }
}
