/** What keys do anywhere on the page; the list of them is in the page itself. */

import { byId } from './element.ts';
import { nextTheme } from './theme.ts';

export interface KeyboardActions {
  readonly show: (view: number) => void;
  readonly search: () => void;
  readonly walk: (step: 1 | -1) => void;
  readonly create: () => void;
  /** False: there was nothing to save. */
  readonly save: () => boolean;
}

export function startKeyboard(actions: KeyboardActions): void {
  const help = byId<HTMLDialogElement>('keyboard');
  byId('help').addEventListener('click', () => help.showModal());
  const plain: Readonly<Record<string, () => void>> = {
    '1': () => actions.show(0),
    '2': () => actions.show(1),
    '3': () => actions.show(2),
    '/': actions.search,
    n: actions.create,
    t: nextTheme,
    '?': () => help.showModal(),
    ArrowDown: () => actions.walk(1),
    ArrowUp: () => actions.walk(-1),
  };
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || document.querySelector('dialog[open]') !== null) return;
    const isCommand = event.ctrlKey || event.metaKey;
    if (event.key === 's' && isCommand) {
      if (actions.save()) event.preventDefault();
      return;
    }
    const action = plain[event.key];
    if (action === undefined || isCommand || event.altKey || isTyping(event.target)) return;
    // arrows scroll the page where there is no list
    if (!event.key.startsWith('Arrow')) event.preventDefault();
    action();
  });
}

/** In a field a key is a letter; radios want arrows for themselves. */
function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof Element && target.matches('input, select, textarea, .value-text, .scroll')
  );
}
