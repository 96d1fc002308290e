/** A job's side of the line: each question is answered by one message, in their order. */

import { CaskError } from '../../errors/cask-error.ts';
import type { JobMessage, JobPort } from '../disk/environment.ts';

export class JobLine {
  readonly #port: JobPort;
  /** By those who asked, in that order. */
  readonly #waiting: ((message: JobMessage) => void)[] = [];

  constructor(port: JobPort) {
    this.#port = port;
    port.onMessage((message) => this.#waiting.shift()?.(message));
  }

  tell(message: object): void {
    this.#port.post(message as JobMessage);
  }

  /** @throws CaskError INTERNAL when the answer is of another type */
  async ask<T extends { readonly type: string }>(message: object, type: T['type']): Promise<T> {
    const reply = await this.#reply(message);
    if (reply['type'] === type) return reply as unknown as T;
    throw new CaskError(
      'INTERNAL',
      `a job asked for ${type} and was told ${String(reply['type'])}`,
    );
  }

  #reply(message: object): Promise<JobMessage> {
    return new Promise((resolve) => {
      this.tell(message); // a question that cannot be sent has no answer to wait for
      this.#waiting.push(resolve);
    });
  }
}
