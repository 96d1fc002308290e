/**
 * The memory that pages take from being captured to being handed over. Who finds no room waits
 * in order; a single page has room whatever its size, so that every page is served in the end.
 */

interface WaitingPage {
  readonly bytes: number;
  readonly resolve: () => void;
}

export class PageMemory {
  readonly bytesMax: number;
  readonly #waiting: WaitingPage[] = [];
  bytes = 0;
  bytesHigh = 0;
  /** Pages that had to wait. */
  delayed = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves once the bytes are the caller's, who gives them back. */
  async take(bytes: number): Promise<void> {
    if (this.tryTake(bytes)) return;
    this.delayed += 1;
    await new Promise<void>((resolve) => this.#waiting.push({ bytes, resolve }));
  }

  /** @returns true: the bytes are the caller's; false: there is no room now */
  tryTake(bytes: number): boolean {
    if (this.#waiting.length > 0 || !this.#hasRoomFor(bytes)) return false;
    this.#enter(bytes);
    return true;
  }

  give(bytes: number): void {
    this.bytes -= bytes;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (!this.#hasRoomFor(next.bytes)) return;
      this.#waiting.shift();
      this.#enter(next.bytes);
      next.resolve();
    }
  }

  #hasRoomFor(bytes: number): boolean {
    return this.bytes === 0 || this.bytes + bytes <= this.bytesMax;
  }

  #enter(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > this.bytesHigh) this.bytesHigh = this.bytes;
  }
}
