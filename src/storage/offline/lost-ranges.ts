/** The stretches of a segment that cannot be read, ascending by offset. */

export interface LostRange {
  readonly offset: number;
  readonly end: number;
  /** The record's head is right, so its key is known; only its value is damaged. */
  readonly isValue: boolean;
}

export class LostRanges {
  readonly #ranges: LostRange[] = [];

  get all(): readonly LostRange[] {
    return this.#ranges;
  }

  get count(): number {
    return this.#ranges.length;
  }

  /** Of those that hold no readable record. */
  get unreadableCount(): number {
    return this.#ranges.filter((range) => !range.isValue).length;
  }

  /** Ranges come in the order of their offsets. */
  add(offset: number, end: number, isValue: boolean): void {
    this.#ranges.push({ offset, end, isValue });
  }

  /** The first range that touches `[offset, end)`. */
  at(offset: number, end: number): LostRange | undefined {
    let low = 0;
    let high = this.#ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ranges[middle] as LostRange).end <= offset) low = middle + 1;
      else high = middle;
    }
    const range = this.#ranges[low];
    return range !== undefined && range.offset < end ? range : undefined;
  }
}
