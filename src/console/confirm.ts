/** Asks before something that cannot be taken back. */

import { element } from './element.ts';

export interface Question {
  readonly title: string;
  readonly text: string;
  /** On the button that does it. */
  readonly verb: string;
}

/** False: they would rather not. */
export function confirmed({ title, text, verb }: Question): Promise<boolean> {
  const no = element('button', { value: 'no', autofocus: true }, 'Cancel');
  const yes = element('button', { value: 'yes', class: 'danger' }, verb);
  const dialog = element(
    'dialog',
    { 'aria-labelledby': 'question' },
    element('h2', { id: 'question' }, title),
    element('p', { class: 'long-key' }, text),
    element('form', { method: 'dialog', class: 'row' }, no, yes),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
  });
}
