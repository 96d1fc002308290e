/** The browser of keys: prefixes and keys on the left, the chosen key on the right. */

import type { Api } from './api.ts';
import { bytesOf } from './byte-text.ts';
import { button, byId, element } from './element.ts';
import { formatBytes, formatCount } from './format.ts';
import { type Entry, isSame, keyText, type Position, readLevel } from './key-entries.ts';
import { KeyPanel } from './key-panel.ts';
import { KeyValues } from './key-values.ts';
import { messageOf } from './notices.ts';

const SEPARATORS: readonly (readonly [string, string])[] = [
  [':', 'Group by  :'],
  ['/', 'Group by  /'],
  ['.', 'Group by  .'],
  ['', 'No groups'],
];
const TYPING_MS = 200;

export class KeysView {
  readonly #store: KeyValues;
  readonly #panel: KeyPanel;
  readonly #search = element('input', {
    type: 'search',
    placeholder: 'Keys that begin with …',
    'aria-label': 'Prefix of the keys',
    autocapitalize: 'none',
    spellcheck: 'false',
  });
  readonly #separator = element(
    'select',
    { 'aria-label': 'Groups' },
    ...SEPARATORS.map(([value, text]) => element('option', { value }, text)),
  );
  readonly #crumbs = element('nav', { class: 'crumbs row', 'aria-label': 'Prefixes above' });
  readonly #list = element('ul', { class: 'key-list', 'aria-label': 'Keys' });
  readonly #remark = element('p', { class: 'muted', role: 'status' });
  readonly #fresh = button('New key', () => this.create());
  readonly #mayWrite: () => boolean;
  readonly #more = button('More', () => this.#load(this.#next));
  #next: Position | undefined;
  #chosen: Uint8Array | undefined;
  /** Answers of a search that is no longer asked are dropped. */
  #searches = 0;
  #typing: number | undefined;

  constructor(api: Api, mayWrite: () => boolean) {
    this.#store = new KeyValues(api);
    this.#mayWrite = mayWrite;
    this.#panel = new KeyPanel(api, mayWrite, () => void this.#load(undefined));
    const left = element(
      'section',
      { class: 'panel stack', 'aria-label': 'List of keys' },
      element('div', { class: 'row' }, element('div', { class: 'grow' }, this.#search)),
      element('div', { class: 'row spread' }, element('div', {}, this.#separator), this.#fresh),
      this.#crumbs,
      this.#list,
      this.#remark,
      this.#more,
    );
    byId('keys').append(element('div', { class: 'browser' }, left, this.#panel.element));
    this.#search.addEventListener('input', () => {
      window.clearTimeout(this.#typing);
      this.#typing = window.setTimeout(() => this.#searched(), TYPING_MS);
    });
    this.#separator.addEventListener('change', () => void this.#load(undefined));
    this.#list.addEventListener('keydown', (event) => this.#walk(event));
  }

  /** @param prefix of the address */
  async open(prefix: string): Promise<void> {
    this.#fresh.hidden = !this.#mayWrite();
    if (this.#search.value !== prefix) this.#search.value = prefix;
    await this.#load(undefined);
  }

  focusSearch(): void {
    this.#search.focus();
    this.#search.select();
  }

  create(): void {
    if (!this.#mayWrite()) return;
    this.#panel.create(this.#search.value);
  }

  save(): boolean {
    return this.#panel.save();
  }

  /** Another user sees other keys. */
  reset(): void {
    this.#panel.close();
    this.#list.replaceChildren();
    this.#search.value = '';
  }

  #searched(): void {
    history.replaceState(null, '', addressOf(this.#search.value));
    void this.#load(undefined);
  }

  async #load(start: Position | undefined): Promise<void> {
    this.#searches += 1;
    const number = this.#searches;
    const prefix = bytesOf(this.#search.value);
    const separator = bytesOf(this.#separator.value)[0];
    this.#showCrumbs();
    try {
      const { entries, next } = await readLevel({ prefix, separator, start }, (from) =>
        this.#store.list(prefix, from),
      );
      if (number !== this.#searches) return;
      this.#next = next;
      const rows = entries.map((entry) => this.#row(entry));
      if (start === undefined) this.#list.replaceChildren(...rows);
      else this.#list.append(...rows);
      this.#remark.textContent = this.#list.children.length === 0 ? 'No such key.' : '';
    } catch (thrown) {
      if (number !== this.#searches) return;
      this.#next = undefined;
      this.#list.replaceChildren();
      this.#remark.textContent = messageOf(thrown);
    }
    this.#more.hidden = this.#next === undefined;
  }

  #row(entry: Entry): HTMLElement {
    const row = element('button', { type: 'button' });
    if (entry.kind === 'group') {
      const { prefix, keys, isAll } = entry;
      const count = `${formatCount(keys)}${isAll ? '' : '+'} ${keys === 1 ? 'key' : 'keys'}`;
      row.append(name(`${keyText(prefix)} …`), element('span', { class: 'size' }, count));
      row.addEventListener('click', () => {
        window.location.hash = addressOf(keyText(prefix));
      });
    } else {
      const { key, bytes } = entry.row;
      const size = bytes === undefined ? '' : formatBytes(bytes);
      row.append(name(keyText(key)), element('span', { class: 'size' }, size));
      if (this.#chosen !== undefined && isSame(this.#chosen, key)) mark(row);
      row.addEventListener('click', () => {
        this.#list.querySelector('[aria-current]')?.removeAttribute('aria-current');
        mark(row);
        this.#chosen = key;
        void this.#panel.open(key);
      });
    }
    return element('li', {}, row);
  }

  #showCrumbs(): void {
    const { value } = this.#search;
    const separator = this.#separator.value;
    const crumb = (text: string, prefix: string): HTMLElement =>
      button(text, () => {
        window.location.hash = addressOf(prefix);
      });
    const parts = separator === '' ? [] : value.split(separator).slice(0, -1);
    this.#crumbs.hidden = value === '';
    this.#crumbs.replaceChildren(
      crumb('All keys', ''),
      ...parts.map((part, index) =>
        crumb(`${part}${separator}`, `${parts.slice(0, index + 1).join(separator)}${separator}`),
      ),
    );
  }

  /** Up and down in the list. */
  #walk(event: KeyboardEvent): void {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    this.walk(step);
  }

  /** To the next (1) or previous (-1) row; into the list from elsewhere. */
  walk(step: 1 | -1): void {
    const rows = [...this.#list.querySelectorAll('button')];
    const at = rows.indexOf(document.activeElement as HTMLButtonElement);
    rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + step))]?.focus();
  }
}

export function addressOf(prefix: string): string {
  return prefix === '' ? '#/keys' : `#/keys?prefix=${encodeURIComponent(prefix)}`;
}

function name(text: string): HTMLElement {
  return element('span', { class: 'name mono', title: text }, text);
}

function mark(row: HTMLElement): void {
  row.setAttribute('aria-current', 'true');
}
