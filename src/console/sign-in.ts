/** The form that asks who one is. */

import type { Api, SessionFacts } from './api.ts';
import { busyWith, byId } from './element.ts';
import { messageOf } from './notices.ts';

export class SignIn {
  readonly #place = byId('sign-in');
  readonly #form = byId<HTMLFormElement>('sign-in-form');

  constructor(api: Api, onSignedIn: (facts: SessionFacts) => void) {
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submit(api, onSignedIn);
    });
  }

  show(): void {
    this.#place.hidden = false;
    this.#field('user').focus();
  }

  hide(): void {
    this.#place.hidden = true;
  }

  async #submit(api: Api, onSignedIn: (facts: SessionFacts) => void): Promise<void> {
    const submit = this.#form.querySelector('button');
    if (submit === null) return;
    const password = this.#field('password');
    await busyWith(submit, async () => {
      this.#say('');
      try {
        onSignedIn(await api.signIn(this.#field('user').value, password.value));
      } catch (thrown) {
        this.#say(messageOf(thrown));
        password.focus();
      } finally {
        password.value = '';
      }
    });
  }

  #field(name: string): HTMLInputElement {
    return this.#form.elements.namedItem(name) as HTMLInputElement;
  }

  #say(text: string): void {
    const place = this.#form.querySelector<HTMLElement>('.error');
    if (place === null) return;
    place.hidden = text === '';
    place.textContent = text;
  }
}
