/**
 * Connections with replies to write. Answers of a commit come for many connections in one go;
 * each is flushed once, when the code that answered has returned.
 *
 * Requests that come on many connections in one turn of the event loop are answered when all of
 * them have been read, but for a bound on how long: of replies that leave one after the other the
 * first wakes the clients up, the others find them awake.
 */

export interface Flushable {
  /** @param answeredMs about when the answers were ready, by `performance.now()` */
  flush(answeredMs: number): void;
}

/** Replies wait for other connections to be read about so long at most. */
const READING_MS_MAX = 1;

export class FlushQueue {
  #waiting: Flushable[] = [];
  /** Those that were read from in this turn, and since when there are any. */
  #read: Flushable[] = [];
  #readSinceMs = 0;
  #flushDue = false;

  /** The caller adds itself at most once per flush. */
  add(connection: Flushable): void {
    if (this.#waiting.length === 0) process.nextTick(this.#run);
    this.#waiting.push(connection);
  }

  /**
   * The same for one whose requests were handled just now, and others' may follow.
   * @param nowMs when that began
   */
  addRead(connection: Flushable, nowMs: number): void {
    if (this.#read.length === 0) this.#readSinceMs = nowMs;
    this.#read.push(connection);
    if (nowMs - this.#readSinceMs > READING_MS_MAX) {
      this.#flushRead();
    } else if (!this.#flushDue) {
      this.#flushDue = true;
      setImmediate(this.#runDue);
    }
  }

  readonly #run = (): void => {
    const ready = this.#waiting;
    this.#waiting = [];
    flushAll(ready);
  };

  readonly #runDue = (): void => {
    this.#flushDue = false;
    this.#flushRead();
  };

  #flushRead(): void {
    const ready = this.#read;
    this.#read = [];
    if (ready.length > 0) flushAll(ready);
  }
}

function flushAll(connections: readonly Flushable[]): void {
  const nowMs = performance.now();
  for (const connection of connections) connection.flush(nowMs);
}
