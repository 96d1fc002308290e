/** Statistics of a few samples: what the rounds of a benchmark gave. */

/** The middle one; of an even number, the mean of the two; NaN of none. */
export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  if (sorted.length % 2 === 1) return upper;
  return ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Half of the way from the least to the greatest, as a share of the median; 0 of one sample. */
export function spread(samples: readonly number[]): number {
  if (samples.length < 2) return 0;
  const middle = median(samples);
  if (middle === 0) return 0;
  return (Math.max(...samples) - Math.min(...samples)) / 2 / Math.abs(middle);
}

/** The least value that so great a share of the sorted samples does not exceed; NaN of none. */
export function quantile(sorted: readonly number[], share: number): number {
  const rank = Math.max(1, Math.ceil(sorted.length * share));
  return sorted[rank - 1] ?? Number.NaN;
}
