/** Somebody else wrote the key since it was read: both values, and what to do about it. */

import type { View } from './byte-text.ts';
import { button, element } from './element.ts';
import { valueText } from './value-view.ts';

export interface Conflict {
  readonly mine: Uint8Array;
  /** Undefined: the key was deleted. */
  readonly theirs: Uint8Array | undefined;
  readonly view: View;
  readonly keepTheirs: () => Promise<void>;
  readonly overwrite: () => Promise<void>;
  readonly edit: () => void;
}

export function conflictPanel(conflict: Conflict): HTMLElement {
  const { mine, theirs, view, keepTheirs, overwrite, edit } = conflict;
  const deleted = element('p', { class: 'muted' }, 'The key was deleted.');
  return element(
    'div',
    { class: 'stack panel conflict', role: 'alert' },
    element('h3', {}, 'Changed by somebody else meanwhile'),
    element('p', {}, 'Nothing was saved. Which value is to stay?'),
    element(
      'div',
      { class: 'sides' },
      element(
        'div',
        { class: 'stack' },
        element('h3', {}, 'Theirs, as it is now'),
        ...(theirs === undefined ? [deleted] : valueText(theirs, view)),
      ),
      element('div', { class: 'stack' }, element('h3', {}, 'Yours'), ...valueText(mine, view)),
    ),
    element(
      'div',
      { class: 'row' },
      button('Keep theirs', keepTheirs),
      button('Edit yours further', edit),
      button('Overwrite with yours', overwrite, { class: 'danger' }),
    ),
  );
}
