/** Whether memory levels off: its slope and its growth over the second half of a stretch. */

export interface MemoryPoint {
  readonly seconds: number;
  readonly residentBytes: number;
}

export interface MemoryTrend {
  /** By least squares, over the second half. */
  readonly slopeBytesPerMinute: number;
  /** The mean of the last quarter less that of the one before. */
  readonly growthBytes: number;
  readonly maxBytes: number;
  /** Undefined: there are too few points to tell. */
  readonly levelsOff: boolean | undefined;
}

/** A quarter needs so many points; fewer say nothing. */
const POINTS_PER_QUARTER_MIN = 10;
/** What garbage collection moves from one moment to the next. */
const NOISE_BYTES = 16 * 1024 * 1024;
const NOISE_SHARE = 0.05;

export function memoryTrend(points: readonly MemoryPoint[]): MemoryTrend {
  const half = points.slice(Math.floor(points.length / 2));
  const middle = Math.floor(half.length / 2);
  const third = meanOf(half.slice(0, middle));
  const growthBytes = half.length < 2 ? 0 : meanOf(half.slice(middle)) - third;
  const noiseBytes = Math.max(NOISE_BYTES, NOISE_SHARE * third);
  const isTold = middle >= POINTS_PER_QUARTER_MIN;
  return {
    slopeBytesPerMinute: slopeOf(half) * 60,
    growthBytes,
    maxBytes: points.reduce((max, { residentBytes }) => Math.max(max, residentBytes), 0),
    levelsOff: isTold ? growthBytes <= noiseBytes : undefined,
  };
}

function meanOf(points: readonly MemoryPoint[]): number {
  const sum = points.reduce((total, { residentBytes }) => total + residentBytes, 0);
  return points.length === 0 ? 0 : sum / points.length;
}

/** Bytes a second. */
function slopeOf(points: readonly MemoryPoint[]): number {
  const meanSeconds = points.reduce((sum, { seconds }) => sum + seconds, 0) / points.length;
  const meanBytes = meanOf(points);
  let above = 0;
  let below = 0;
  for (const { seconds, residentBytes } of points) {
    above += (seconds - meanSeconds) * (residentBytes - meanBytes);
    below += (seconds - meanSeconds) ** 2;
  }
  return below === 0 ? 0 : above / below;
}
