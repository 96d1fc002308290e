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
const SUMMARY_QUANTILES = [0.5, 0.95, 0.99, 0.999] as const;

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
    let sum = 0;
    for (let index = 0; index < DURATION_BUCKETS; index++) sum += this.#counts[index] as number;
    return sum;
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
    const [ms] = this.#quantilesMs(this.count, [quantile]);
    return ms as number;
  }

  /** Two passes over the buckets. */
  summary(): DurationSummary {
    const { count } = this;
    const [p50Ms, p95Ms, p99Ms, p999Ms] = this.#quantilesMs(count, SUMMARY_QUANTILES) as [
      number,
      number,
      number,
      number,
    ];
    return { count, sumMs: this.#sumMs, p50Ms, p95Ms, p99Ms, p999Ms, maxMs: this.#maxMs };
  }

  /** In one pass; the quantiles ascend. */
  #quantilesMs(count: number, quantiles: readonly number[]): number[] {
    const found: number[] = [];
    let index = 0;
    let seen = this.#counts[0] as number;
    for (const quantile of quantiles) {
      const rank = Math.max(1, Math.ceil(count * quantile));
      while (seen < rank && index < DURATION_BUCKETS - 1) {
        index += 1;
        seen += this.#counts[index] as number;
      }
      found.push(Math.min(this.#maxMs, startUs(index + 1) / US_PER_MS));
    }
    return found;
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
