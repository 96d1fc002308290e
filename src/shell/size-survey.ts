/** Sizes of keys and values, gathered one entry at a time: totals, the largest, a histogram. */

export interface SizedKey {
  readonly key: Buffer;
  readonly keyBytes: number;
  readonly valueBytes: number;
}

/** Entries whose value is smaller than `below` bytes, and not in the bucket before. */
export interface SizeBucket {
  readonly below: number;
  readonly count: number;
  readonly bytes: number;
}

/** 1 (empty values), 16, 64, 256 ... 1 GiB: powers of four, above the longest value there can be. */
const BOUNDS: readonly number[] = [1, ...Array.from({ length: 14 }, (_, at) => 4 ** (at + 2))];

export class SizeSurvey {
  keys = 0;
  keyBytes = 0;
  valueBytes = 0;
  /** Largest first. */
  readonly largestValues: SizedKey[] = [];
  readonly longestKeys: SizedKey[] = [];
  readonly #top: number;
  readonly #counts = BOUNDS.map(() => 0);
  readonly #bytes = BOUNDS.map(() => 0);

  /** @param top how many of the largest are remembered */
  constructor(top: number) {
    this.#top = top;
  }

  add(key: Buffer, valueBytes: number): void {
    const keyBytes = key.length;
    this.keys += 1;
    this.keyBytes += keyBytes;
    this.valueBytes += valueBytes;
    const bucket = BOUNDS.findIndex((below) => valueBytes < below);
    this.#counts[bucket] = (this.#counts[bucket] as number) + 1;
    this.#bytes[bucket] = (this.#bytes[bucket] as number) + valueBytes;
    const entry = { key, keyBytes, valueBytes };
    this.#rank(this.largestValues, entry, (sized) => sized.valueBytes);
    this.#rank(this.longestKeys, entry, (sized) => sized.keyBytes);
  }

  /** From the first that is not empty to the last. */
  histogram(): SizeBucket[] {
    const buckets = BOUNDS.map((below, at) => ({
      below,
      count: this.#counts[at] as number,
      bytes: this.#bytes[at] as number,
    }));
    const isFilled = ({ count }: SizeBucket): boolean => count > 0;
    return buckets.slice(buckets.findIndex(isFilled), buckets.findLastIndex(isFilled) + 1);
  }

  /** Keeps a list of the largest; of equal ones the first. */
  #rank(list: SizedKey[], entry: SizedKey, size: (sized: SizedKey) => number): void {
    const last = list.at(-1);
    if (list.length === this.#top && last !== undefined && size(entry) <= size(last)) return;
    const at = list.findIndex((other) => size(other) < size(entry));
    list.splice(at < 0 ? list.length : at, 0, entry);
    if (list.length > this.#top) list.pop();
  }
}
