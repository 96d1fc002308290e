/** Until when a key lives: as it is, for ever, or so long from now. */

import { element } from './element.ts';

/** `keep`: nothing changes. */
export type Life = 'keep' | 'for-ever' | { readonly ttlMs: number };

const UNITS: readonly (readonly [string, number])[] = [
  ['seconds', 1000],
  ['minutes', 60_000],
  ['hours', 3_600_000],
  ['days', 86_400_000],
];

export interface LifeField {
  readonly element: HTMLElement;
  /** @throws Error that says what is wrong */
  read(): Life;
}

/** @param canKeep there is a key whose life could stay as it is */
export function lifeField(canKeep: boolean): LifeField {
  const kind = element(
    'select',
    { 'aria-label': 'Expires' },
    canKeep ? element('option', { value: 'keep' }, 'expires as before') : undefined,
    element('option', { value: 'for-ever' }, 'never expires'),
    element('option', { value: 'ttl' }, 'expires in'),
  );
  const amount = element('input', {
    type: 'number',
    min: 1,
    step: 1,
    value: 1,
    'aria-label': 'Expires in so many',
  });
  const unit = element(
    'select',
    { 'aria-label': 'Unit of time' },
    ...UNITS.map(([name, ms]) =>
      element('option', { value: ms, selected: name === 'hours' }, name),
    ),
  );
  const show = (): void => {
    const isHidden = kind.value !== 'ttl';
    amount.hidden = isHidden;
    unit.hidden = isHidden;
  };
  kind.addEventListener('change', show);
  show();
  return {
    element: element('div', { class: 'row life' }, kind, amount, unit),
    read() {
      if (kind.value !== 'ttl') return kind.value as 'keep' | 'for-ever';
      const ttlMs = Number(amount.value) * Number(unit.value);
      if (!(ttlMs >= 1)) throw new Error('a key lives for one unit of time at least');
      return { ttlMs };
    },
  };
}
