import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DurationHistogram } from '../../../src/vocabulary/duration-histogram.ts';

/** Milliseconds of whole microseconds, over ten orders of magnitude. */
const durations = fc.array(
  fc
    .tuple(fc.integer({ min: 0, max: 31 }), fc.nat({ max: 1000 }))
    .map(([power, share]) => Math.floor(2 ** power * (1 + share / 1001)) / 1000),
  { minLength: 1, maxLength: 200 },
);
const BOUNDS_US = Array.from({ length: 30 }, (_, index) => 2 ** (index + 2));

function histogramOf(times: readonly number[]): DurationHistogram {
  const histogram = new DurationHistogram();
  for (const ms of times) histogram.record(ms);
  return histogram;
}

describe('DurationHistogram', () => {
  it('counts exactly below powers of two', () => {
    fc.assert(
      fc.property(durations, (times) => {
        const below = histogramOf(times).countsBelow(BOUNDS_US);
        const expected = BOUNDS_US.map(
          (bound) => times.filter((ms) => Math.round(ms * 1000) < bound).length,
        );
        expect(below).toEqual(expected);
      }),
    );
  });

  it('knows quantiles to within a sixteenth, and the maximum exactly', () => {
    fc.assert(
      fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (times, quantile) => {
        const histogram = histogramOf(times);
        const sorted = times.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(times.length * quantile) - 1)] as number;
        const told = histogram.quantileMs(quantile);
        expect(told).toBeGreaterThanOrEqual(exact);
        expect(told).toBeLessThanOrEqual(exact * (1 + 1 / 16) + 0.001);
        expect(histogram.maxMs).toBe(sorted.at(-1));
        expect(histogram.count).toBe(times.length);
      }),
    );
  });

  it('sums, and forgets', () => {
    const histogram = histogramOf([0.5, 1.5, 10]);
    expect(histogram.sumMs).toBe(12);
    expect(histogram.summary()).toMatchObject({ count: 3, sumMs: 12, maxMs: 10, p999Ms: 10 });
    histogram.reset();
    expect(histogram.summary()).toEqual(new DurationHistogram().summary());
    expect(histogram.summary()).toMatchObject({ count: 0, p50Ms: 0, maxMs: 0 });
  });

  it('takes many of one duration at once', () => {
    const histogram = new DurationHistogram();
    histogram.record(0.25, 1000);
    histogram.record(0.5, 1);
    expect(histogram.summary()).toMatchObject({ count: 1001, sumMs: 250.5, p999Ms: 0.256 });
  });

  it('tells what came since a copy', () => {
    const histogram = histogramOf([1, 2, 500]);
    const earlier = new DurationHistogram();
    earlier.copyFrom(histogram);
    expect(earlier.summary()).toEqual(histogram.summary());
    histogram.record(3);
    histogram.record(4);
    const since = histogram.since(earlier, 4);
    expect(since.summary()).toEqual(histogramOf([3, 4]).summary());
    expect(earlier.count).toBe(3);
  });

  it('takes what is beyond its range', () => {
    const histogram = histogramOf([1e9, 2 ** 40, 0, 0.0004]);
    expect(histogram.count).toBe(4);
    expect(histogram.countsBelow([4, 2 ** 31])).toEqual([2, 2]);
    expect(histogram.maxMs).toBe(2 ** 40);
  });
});
