/**
 * How long something took, over many times: counts in log-linear buckets, sixteen to each power of
 * two microseconds, so that a quantile is right within 1/16 of its value whatever its size.
 *
 * ```
 *  bucket    0    1    2 ...   16   17 ...   32   33 ...        463
 *  from us   0    1    2 ...   16   17 ...   32   34 ...   31/16 * 2^31
 * ```
 *
 * Recording is a few integer operations on a typed array: fit for the way of every request.
 */

/** Sub-buckets of a power of two, as bits. */
const LINEAR_BITS = 4;
const LINEAR = 1 << LINEAR_BITS;
const US_BITS = 32;
const US_MAX = 2 ** US_BITS - 1;
export const DURATION_BUCKETS = (US_BITS - LINEAR_BITS + 1) * LINEAR;
const US_PER_MS = 1000;

/** For people and STATS; times are upper bounds of their bucket, `maxMs` is exact. */
export interface DurationSummary {
  readonly count: number;
  readonly sumMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
}

export class DurationHistogram {
  readonly #counts = new Float64Array(DURATION_BUCKETS);
  #sumMs = 0;
  #maxMs = 0;

  /**
   * @param ms not below 0. From 71 minutes up all share a bucket; the sum has them as they are
   * @param times so many took so long
   */
  record(ms: number, times = 1): void {
    const index = bucketOf(Math.min(US_MAX, ms * US_PER_MS) >>> 0);
    this.#counts[index] = (this.#counts[index] as number) + times;
    this.#sumMs += ms * times;
    if (ms > this.#maxMs) this.#maxMs = ms;
  }

  /** How many were recorded. A pass over the buckets. */
  get count(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  get sumMs(): number {
    return this.#sumMs;
  }

  get maxMs(): number {
    return this.#maxMs;
  }

  /**
   * How many lay below each of the bounds, which ascend and are powers of two of microseconds
   * from 1 up: bounds of buckets, so the answer is exact.
   */
  countsBelow(boundsUs: readonly number[]): number[] {
    const below: number[] = [];
    let index = 0;
    let sum = 0;
    for (const bound of boundsUs) {
      for (const end = bucketOf(bound); index < end; index++) sum += this.#counts[index] as number;
      below.push(sum);
    }
    return below;
  }

  /** The upper bound of the bucket that holds the quantile, at most the maximum; 0: nothing yet. */
  quantileMs(quantile: number): number {
    const rank = Math.max(1, Math.ceil(this.count * quantile));
    let seen = 0;
    for (let index = 0; index < DURATION_BUCKETS; index++) {
      seen += this.#counts[index] as number;
      if (seen >= rank) return Math.min(this.#maxMs, startUs(index + 1) / US_PER_MS);
    }
    return 0;
  }

  summary(): DurationSummary {
    return {
      count: this.count,
      sumMs: this.#sumMs,
      p50Ms: this.quantileMs(0.5),
      p95Ms: this.quantileMs(0.95),
      p99Ms: this.quantileMs(0.99),
      p999Ms: this.quantileMs(0.999),
      maxMs: this.#maxMs,
    };
  }

  copyFrom(other: DurationHistogram): void {
    this.#counts.set(other.#counts);
    this.#sumMs = other.#sumMs;
    this.#maxMs = other.#maxMs;
  }

  /**
   * What came since an earlier copy of this one.
   * @param maxMs the longest since then, which the counts do not tell
   */
  since(earlier: DurationHistogram, maxMs: number): DurationHistogram {
    const since = new DurationHistogram();
    since.#counts.set(
      this.#counts.map((count, index) => count - (earlier.#counts[index] as number)),
    );
    since.#sumMs = this.#sumMs - earlier.#sumMs;
    since.#maxMs = maxMs;
    return since;
  }

  /** Forgets everything. */
  reset(): void {
    this.#counts.fill(0);
    this.#sumMs = 0;
    this.#maxMs = 0;
  }
}

/** The bucket of a number of microseconds, an integer below 2^32. */
function bucketOf(us: number): number {
  if (us < LINEAR) return us;
  const shift = US_BITS - 1 - Math.clz32(us) - LINEAR_BITS;
  return shift * LINEAR + (us >>> shift);
}

/** Where a bucket starts: the inverse of `bucketOf`. */
function startUs(index: number): number {
  if (index < LINEAR) return index;
  const shift = Math.floor(index / LINEAR) - 1;
  return (index - shift * LINEAR) * 2 ** shift;
}
