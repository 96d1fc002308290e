/** What a figure has to be, whether it is, and by how much it is not. */

export interface Bound {
  readonly atLeast?: number;
  readonly atMost?: number;
}

export type Verdict = 'met' | 'missed' | '';

/** '' where nothing is asked of the figure. */
export function verdictOf(value: number, { atLeast, atMost }: Bound): Verdict {
  if (atLeast === undefined && atMost === undefined) return '';
  const holds =
    value >= (atLeast ?? Number.NEGATIVE_INFINITY) && value <= (atMost ?? Number.POSITIVE_INFINITY);
  return holds ? 'met' : 'missed';
}

/** `met`, or `missed by 12 %`: how far from the bound, as a share of it. */
export function judgementOf(value: number, bound: Bound): string {
  const verdict = verdictOf(value, bound);
  if (verdict !== 'missed') return verdict;
  const limit = value < (bound.atLeast ?? Number.NEGATIVE_INFINITY) ? bound.atLeast : bound.atMost;
  if (limit === undefined || limit === 0 || Number.isNaN(value)) return verdict;
  return `missed by ${Math.round((Math.abs(value - limit) / Math.abs(limit)) * 100)} %`;
}

export function boundText({ atLeast, atMost }: Bound): string {
  const texts = [
    atLeast === undefined ? '' : `>= ${atLeast.toLocaleString('en')}`,
    atMost === undefined ? '' : `<= ${atMost.toLocaleString('en')}`,
  ];
  return texts.filter(Boolean).join(', ');
}
