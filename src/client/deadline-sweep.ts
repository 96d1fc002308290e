/** One timer for the deadlines of all requests: it is set for the earliest and then looks anew. */

export class DeadlineSweep {
  readonly #sweep: (now: number) => number;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;

  /** @param sweep ends what is overdue and returns the earliest deadline left, or Infinity */
  constructor(sweep: (now: number) => number) {
    this.#sweep = sweep;
  }

  /** Makes sure that a sweep comes no later than this. */
  watch(deadline: number): void {
    if (deadline < this.#dueAt) this.#set(deadline, performance.now());
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#dueAt = Number.POSITIVE_INFINITY;
  }

  #set(deadline: number, now: number): void {
    clearTimeout(this.#timer);
    this.#dueAt = deadline;
    this.#timer = setTimeout(() => this.#run(), Math.max(1, Math.ceil(deadline - now)));
    this.#timer.unref();
  }

  #run(): void {
    this.#dueAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    const next = this.#sweep(now);
    if (next < this.#dueAt) this.#set(next, now);
  }
}
