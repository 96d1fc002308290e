/**
 * Requests of a connection that are answered later through a promise. GET, PUT, DELETE and
 * EXISTS are not among them: they are only counted.
 */

export interface PendingAnswer {
  readonly cancellable: boolean;
  readonly leftAtShutdown: boolean;
}

export class PendingAnswers {
  readonly #byId = new Map<number, PendingAnswer>();

  get size(): number {
    return this.#byId.size;
  }

  has(id: number): boolean {
    return this.#byId.has(id);
  }

  get(id: number): PendingAnswer | undefined {
    return this.#byId.get(id);
  }

  add(id: number, answer: PendingAnswer): void {
    this.#byId.set(id, answer);
  }

  /** Takes the right to answer. @returns false: someone else has answered */
  settle(id: number, answer: PendingAnswer): boolean {
    return this.#byId.get(id) === answer && this.#byId.delete(id);
  }

  /** Takes out what a stopping server does not wait for. @returns the ids */
  takeLeftAtShutdown(): number[] {
    const ids = [...this.#byId].filter(([, answer]) => answer.leftAtShutdown).map(([id]) => id);
    for (const id of ids) this.#byId.delete(id);
    return ids;
  }

  clear(): void {
    this.#byId.clear();
  }
}
