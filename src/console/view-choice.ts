/** Text, JSON or hex: how bytes are shown. */

import type { View } from './byte-text.ts';
import { element } from './element.ts';

const VIEWS: readonly (readonly [View, string])[] = [
  ['text', 'Text'],
  ['json', 'JSON'],
  ['hex', 'Hex'],
];
let choices = 0;

/** @param possible the others cannot be chosen: the bytes are not of that kind */
export function viewChoice(
  chosen: View,
  possible: ReadonlySet<View>,
  onChoose: (view: View) => void,
): HTMLFieldSetElement {
  choices += 1;
  const name = `view-${choices}`;
  return element(
    'fieldset',
    {},
    element('legend', {}, 'Show as'),
    ...VIEWS.map(([view, title]) =>
      element(
        'label',
        {},
        element('input', {
          type: 'radio',
          name,
          value: view,
          checked: view === chosen,
          disabled: !possible.has(view),
          change: () => onChoose(view),
        }),
        title,
      ),
    ),
  );
}
