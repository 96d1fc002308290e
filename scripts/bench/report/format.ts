/** Numbers for people: three digits or so. */

import { median, spread } from './statistics.ts';

export function numberText(value: number): string {
  if (Number.isNaN(value)) return '';
  const size = Math.abs(value);
  const digits = size < 1 ? 3 : size < 10 ? 2 : size < 100 ? 1 : 0;
  return value.toLocaleString('en', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

/** The median, and how far the rounds lie apart. */
export function samplesText(samples: readonly number[]): string {
  const text = numberText(median(samples));
  const apart = Math.round(spread(samples) * 100);
  return samples.length < 2 || text === '' ? text : `${text} ±${apart}%`;
}
