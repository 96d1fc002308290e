/** A form in which a value is written, as text, JSON or hex. */

import { editableText, parseEdited, type View } from './byte-text.ts';
import { busyWith, button, element } from './element.ts';
import { type Life, lifeField } from './life-field.ts';
import { messageOf } from './notices.ts';
import { viewChoice } from './view-choice.ts';

export interface EditorParts {
  readonly value: Uint8Array;
  readonly view: View;
  /** There is a key already, which has a life of its own. */
  readonly exists: boolean;
  readonly save: (value: Uint8Array<ArrayBuffer>, life: Life) => Promise<void>;
  readonly cancel: () => void | Promise<void>;
}

const VIEWS: readonly View[] = ['text', 'json', 'hex'];

export class ValueEditor {
  readonly element = element('form', { class: 'stack', 'aria-label': 'Value' });
  readonly #parts: EditorParts;
  readonly #field = element('textarea', { 'aria-label': 'Value', spellcheck: 'false' });
  readonly #trouble = element('p', { class: 'error', role: 'alert', hidden: true });
  readonly #choice = element('div');
  readonly #life;
  readonly #save = element('button', { class: 'primary' }, 'Save');
  #view: View;

  constructor(parts: EditorParts) {
    this.#parts = parts;
    const shown = editableText(parts.value, parts.view);
    // what has no such form is edited as bytes
    this.#view = shown === undefined ? 'hex' : parts.view;
    this.#field.value = shown ?? editableText(parts.value, 'hex') ?? '';
    this.#life = lifeField(parts.exists);
    this.element.append(
      this.#choice,
      this.#field,
      this.#life.element,
      this.#trouble,
      element('div', { class: 'row' }, this.#save, button('Cancel', parts.cancel)),
    );
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.submit();
    });
    this.#field.addEventListener('input', () => this.#say(undefined));
    this.#showChoice();
  }

  focus(): void {
    this.#field.focus();
  }

  /** @throws Error: what was typed stands for no bytes */
  get value(): Uint8Array<ArrayBuffer> {
    return parseEdited(this.#field.value, this.#view);
  }

  submit(): Promise<void> {
    return busyWith(this.#save, async () => {
      try {
        await this.#parts.save(this.value, this.#life.read());
      } catch (thrown) {
        this.#say(thrown);
      }
    });
  }

  #showChoice(): void {
    const choice = viewChoice(this.#view, new Set(VIEWS), (view) => this.#change(view));
    this.#choice.replaceChildren(choice);
  }

  /** What was typed goes over into the other form, if it has one. */
  #change(view: View): void {
    try {
      const text = editableText(this.value, view);
      if (text === undefined) throw new Error(`these bytes cannot be edited as ${view}`);
      this.#field.value = text;
      this.#view = view;
      this.#say(undefined);
    } catch (thrown) {
      this.#say(thrown);
    }
    this.#showChoice();
  }

  #say(thrown: unknown): void {
    this.#trouble.hidden = thrown === undefined;
    this.#trouble.textContent = thrown === undefined ? '' : messageOf(thrown);
  }
}
