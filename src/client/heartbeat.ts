/** Finds dead servers: silence for an interval, then a ping, then silence for another. */

import { CaskError } from '../errors/cask-error.ts';
import type { Link } from './link.ts';

export class Heartbeat {
  readonly #link: Link;
  readonly #intervalMs: number;
  readonly #ping: () => void;
  readonly #timer: NodeJS.Timeout | undefined;
  #seen = 0;
  #pinged = false;

  /** @param intervalMs 0: no heartbeat */
  constructor(link: Link, intervalMs: number, ping: () => void) {
    this.#link = link;
    this.#intervalMs = intervalMs;
    this.#ping = ping;
    this.#seen = link.chunksReceived;
    if (intervalMs === 0) return;
    this.#timer = setInterval(() => this.#beat(), intervalMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #beat(): void {
    if (this.#heard()) return;
    if (!this.#pinged) {
      this.#pinged = true;
      this.#ping();
      return;
    }
    // If this process itself stood still, the answer may wait in the socket: read it first.
    setImmediate(() => {
      if (this.#heard()) return;
      const silentMs = this.#intervalMs;
      const message = `the server did not answer a ping for ${silentMs} ms; it counts as dead`;
      this.#link.destroy(new CaskError('CONNECTION_LOST', message));
    });
  }

  #heard(): boolean {
    const { chunksReceived } = this.#link;
    if (chunksReceived === this.#seen) return false;
    this.#seen = chunksReceived;
    this.#pinged = false;
    return true;
  }
}
