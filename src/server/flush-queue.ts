/**
 * Connections with replies to write. Answers of a commit come for many connections in one go;
 * each is flushed once, when the code that answered has returned.
 */

export interface Flushable {
  /** @param answeredMs about when the answers were ready, by `performance.now()` */
  flush(answeredMs: number): void;
}

export class FlushQueue {
  #waiting: Flushable[] = [];

  /** The caller adds itself at most once per flush. */
  add(connection: Flushable): void {
    if (this.#waiting.length === 0) process.nextTick(this.#run);
    this.#waiting.push(connection);
  }

  readonly #run = (): void => {
    const ready = this.#waiting;
    this.#waiting = [];
    const nowMs = performance.now();
    for (const connection of ready) connection.flush(nowMs);
  };
}
