/** A value as it is, in the form that one chooses. */

import { hexDump, jsonOf, textOf, type View } from './byte-text.ts';
import { element } from './element.ts';
import { formatBytes } from './format.ts';
import { viewChoice } from './view-choice.ts';

/** More would make the page slow, and nobody reads it. */
const SHOWN_BYTES = 128 * 1024;
const DUMPED_BYTES = 16 * 1024;

/** JSON before text before hex. */
export function bestView(value: Uint8Array): View {
  if (
    value.length > 0 &&
    jsonOf(value) !== undefined &&
    /^[[{]/.test(textOf(value)?.trim() ?? '')
  ) {
    return 'json';
  }
  return textOf(value) === undefined ? 'hex' : 'text';
}

export class ValueView {
  readonly element = element('div', { class: 'stack' });
  readonly #value: Uint8Array;
  readonly #possible: ReadonlySet<View>;
  view: View;

  constructor(value: Uint8Array, view: View | undefined) {
    this.#value = value;
    const possible = new Set<View>(['hex']);
    if (textOf(value) !== undefined) possible.add('text');
    if (jsonOf(value) !== undefined) possible.add('json');
    this.#possible = possible;
    this.view = view !== undefined && possible.has(view) ? view : bestView(value);
    this.#show();
  }

  #show(): void {
    const choice = viewChoice(this.view, this.#possible, (view) => {
      this.view = view;
      this.#show();
      this.element.querySelector<HTMLInputElement>('input:checked')?.focus();
    });
    this.element.replaceChildren(choice, ...valueText(this.#value, this.view));
  }
}

/** The text, and a remark where it is only the beginning. */
export function valueText(value: Uint8Array, view: View): HTMLElement[] {
  const shown = view === 'hex' ? DUMPED_BYTES : SHOWN_BYTES;
  const text = fullText(view === 'hex' ? value.subarray(0, shown) : value, view);
  const isCut = view === 'hex' ? value.length > shown : text.length > shown;
  const place = { class: `value-text ${view}`, tabindex: '0', 'aria-label': 'Value' };
  const pre = element(
    'pre',
    { ...place, role: 'region' },
    text.slice(0, isCut && view !== 'hex' ? shown : undefined),
  );
  if (!isCut) return [pre];
  const remark = `The first ${formatBytes(shown)} of ${formatBytes(value.length)}.`;
  return [pre, element('p', { class: 'muted' }, remark)];
}

function fullText(value: Uint8Array, view: View): string {
  if (view === 'hex') return hexDump(value);
  return (view === 'json' ? jsonOf(value) : textOf(value)) ?? hexDump(value);
}
