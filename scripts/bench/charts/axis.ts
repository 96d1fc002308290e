/** From values to places along an axis, linear from 0 or logarithmic, and where its ticks are. */

import { roundUp } from '../../charts/svg-text.ts';

export interface Axis {
  readonly ticks: readonly number[];
  readonly place: (value: number) => number;
}

const QUARTERS = [0, 1, 2, 3, 4];

/** @param from and @param to: pixels of the ends */
export function axisOf(
  values: readonly number[],
  isLogarithmic: boolean,
  from: number,
  to: number,
): Axis {
  return isLogarithmic ? logarithmic(values, from, to) : linear(values, from, to);
}

function linear(values: readonly number[], from: number, to: number): Axis {
  const end = roundUp(values.reduce((max, value) => Math.max(max, value), 0));
  return {
    ticks: QUARTERS.map((quarter) => (end * quarter) / 4),
    place: (value) => from + (value / end) * (to - from),
  };
}

/** Whole powers of ten on both ends; what is not above 0 lies on the lower one. */
function logarithmic(values: readonly number[], from: number, to: number): Axis {
  const logs = values.filter((value) => value > 0).map(Math.log10);
  const low = Math.floor(logs.reduce((least, log) => Math.min(least, log), logs[0] ?? 0));
  const high = Math.max(low + 1, Math.ceil(logs.reduce((most, log) => Math.max(most, log), low)));
  return {
    ticks: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)),
    place: (value) => {
      const log = value > 0 ? Math.log10(value) : low;
      return from + ((log - low) / (high - low)) * (to - from);
    },
  };
}
