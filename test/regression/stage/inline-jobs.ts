/** Background jobs in this thread, over the environment of the test: its gates hold them too. */

import type {
  Environment,
  JobHandle,
  JobHost,
  JobMessage,
  JobName,
  JobPort,
} from '../../../src/storage/disk/environment.ts';
import { runJob } from '../../../src/storage/merge/jobs.ts';

/** One end of a line; messages are copied and arrive in a later turn, as between threads. */
class Port implements JobPort {
  peer: Port | undefined;
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

export class InlineJobs implements JobHost {
  /** Jobs that have begun and neither ended nor were ended. */
  running = 0;
  started = 0;
  environment: Environment | undefined;

  start(name: JobName, input: JobMessage): JobHandle {
    const { environment } = this;
    if (environment === undefined) throw new Error('the jobs have no environment');
    const [here, there] = [new Port(), new Port()];
    here.peer = there;
    there.peer = here;
    const over = Promise.withResolvers<void>();
    over.promise.catch(() => {});
    let isOver = false;
    const end = (settle: () => void): void => {
      if (isOver) return;
      isOver = true;
      this.running -= 1;
      setImmediate(settle); // behind the messages that were posted before
    };
    this.running += 1;
    this.started += 1;
    runJob(name, environment, there, structuredClone(input)).then(
      () => end(() => over.resolve()),
      (thrown: unknown) => end(() => over.reject(thrown)),
    );
    const terminate = async (): Promise<void> => {
      here.isCut = true;
      there.isCut = true;
      end(() => over.reject(new Error(`the ${name} job was ended`)));
      await over.promise.catch(() => {});
    };
    return { port: here, done: over.promise, terminate };
  }
}
