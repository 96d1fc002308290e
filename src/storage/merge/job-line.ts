/** A job's side of the line: one question at a time, each answered by one message. */

import { CaskError } from '../../errors/cask-error.ts';
import type { JobMessage, JobPort } from '../disk/environment.ts';

export class JobLine {
  readonly #port: JobPort;
  #waiting: ((message: JobMessage) => void) | undefined;

  constructor(port: JobPort) {
    this.#port = port;
    port.onMessage((message) => {
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.(message);
    });
  }

  tell(message: object): void {
    this.#port.post(message as JobMessage);
  }

  /** @throws CaskError INTERNAL when the answer is of another type */
  async ask<T extends { readonly type: string }>(message: object, type: T['type']): Promise<T> {
    const reply = await new Promise<JobMessage>((resolve) => {
      this.#waiting = resolve;
      this.tell(message);
    });
    if (reply['type'] === type) return reply as unknown as T;
    throw new CaskError(
      'INTERNAL',
      `a job asked for ${type} and was told ${String(reply['type'])}`,
    );
  }
}
