/** The parent's side of a worker process: one task at a time. */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TaskResult } from './run-tasks.ts';
import type { WorkerAnswer, WorkerSetup } from './worker.ts';

const FILE = fileURLToPath(new URL('./worker.ts', import.meta.url));
/** A world is garbage as soon as it is over: most are, by the time this much is filled. */
const FLAGS = ['--min-semi-space-size=16'];

export class WorkerProcess {
  readonly #child: ChildProcess;
  #waiting: { resolve: (answer: WorkerAnswer) => void; reject: (error: Error) => void } | undefined;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (message) => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.resolve(message as WorkerAnswer);
    });
    child.on('exit', (code, signal) => {
      const reason = `a simulation worker ended with ${code ?? signal}`;
      this.#waiting?.reject(new Error(reason));
    });
  }

  static async start(setup: WorkerSetup): Promise<WorkerProcess> {
    const child = fork(FILE, { serialization: 'advanced', execArgv: FLAGS });
    const worker = new WorkerProcess(child);
    await worker.#ask(setup);
    return worker;
  }

  async run(index: number): Promise<TaskResult> {
    const answer = await this.#ask(index);
    if (answer.type !== 'done') throw new Error(`a worker answered ${answer.type} to a task`);
    return answer.result;
  }

  stop(): void {
    this.#child.disconnect();
  }

  async #ask(message: WorkerSetup | number): Promise<WorkerAnswer> {
    const answer = await new Promise<WorkerAnswer>((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#child.send(message, (error) => {
        if (error !== null) reject(error);
      });
    });
    if (answer.type === 'broken') throw new Error(answer.reason);
    return answer;
  }
}
