/** One key: its value, and what can be done with it. */

import type { Api } from './api.ts';
import { ApiError } from './api.ts';
import type { View } from './byte-text.ts';
import { confirmed } from './confirm.ts';
import { conflictPanel } from './conflict-panel.ts';
import { button, element } from './element.ts';
import { formatBytes, formatTime } from './format.ts';
import { keyText } from './key-entries.ts';
import { type Entry, KeyValues } from './key-values.ts';
import type { Life } from './life-field.ts';
import { complain, notify } from './notices.ts';
import { ValueEditor } from './value-editor.ts';
import { ValueView } from './value-view.ts';

/** Larger values are looked at, and written by other means. */
const EDITED_BYTES_MAX = 1024 * 1024;

type Key = Uint8Array<ArrayBuffer>;

export class KeyPanel {
  readonly element = element('section', { class: 'panel stack', 'aria-label': 'Key' });
  readonly #store: KeyValues;
  readonly #onChange: (key: Key) => void;
  readonly #mayWrite: () => boolean;
  #key: Key | undefined;
  #view: View | undefined;
  #editor: ValueEditor | undefined;

  /** @param onChange a key was written or deleted here */
  constructor(api: Api, mayWrite: () => boolean, onChange: (key: Key) => void) {
    this.#store = new KeyValues(api);
    this.#mayWrite = mayWrite;
    this.#onChange = onChange;
    this.close();
  }

  close(): void {
    this.#key = undefined;
    this.#editor = undefined;
    const text = 'Choose a key, and its value is shown here.';
    this.element.replaceChildren(element('p', { class: 'muted' }, text));
  }

  async open(key: Key): Promise<void> {
    this.#key = key;
    try {
      const entry = await this.#store.get(key);
      if (this.#key !== key) return;
      if (entry === undefined) this.#showAbsent(key);
      else this.#show(key, entry);
    } catch (thrown) {
      complain(thrown);
    }
  }

  /** Ctrl+S. False: nothing is being edited. */
  save(): boolean {
    void this.#editor?.submit();
    return this.#editor !== undefined;
  }

  #replace(title: string, ...content: (Node | undefined)[]): void {
    this.#editor = undefined;
    const kept = content.filter((one) => one !== undefined);
    this.element.replaceChildren(element('h2', { class: 'long-key mono' }, title), ...kept);
  }

  #showAbsent(key: Key): void {
    const text = 'There is no such key; it was deleted, or has expired.';
    this.#replace(keyText(key), element('p', { class: 'muted' }, text));
  }

  #show(key: Key, entry: Entry): void {
    const view = new ValueView(entry.value, this.#view);
    const isEditable = entry.value.length <= EDITED_BYTES_MAX;
    const edit = button('Edit', () => this.#edit(key, entry, view.view), { disabled: !isEditable });
    const remove = button('Delete', () => this.#delete(key, entry), { class: 'danger' });
    const again = button('Read again', () => this.open(key));
    const tools = this.#mayWrite() ? [edit, again, remove] : [again];
    this.#replace(
      keyText(key),
      facts(entry),
      element('div', { class: 'row' }, ...tools),
      isEditable ? undefined : element('p', { class: 'muted' }, 'Too large to be edited here.'),
      view.element,
    );
    view.element.addEventListener('change', () => {
      this.#view = view.view;
    });
    // on a narrow page it stands below the list
    this.element.scrollIntoView({ block: 'nearest' });
  }

  #edit(key: Key, entry: Entry, view: View): void {
    this.#openEditor(key, entry.value, view, entry);
  }

  /** @param entry what is edited; undefined: the key is new */
  #openEditor(key: Key, value: Uint8Array, view: View, entry: Entry | undefined): void {
    const editor = new ValueEditor({
      value,
      view,
      exists: entry !== undefined,
      save: (edited, life) => this.#save(key, edited, life, entry, view),
      cancel: () => (entry === undefined ? this.close() : this.#back(key)),
    });
    this.#replace(keyText(key), entry === undefined ? undefined : facts(entry), editor.element);
    this.#editor = editor;
    editor.focus();
  }

  /** Writes only over what was seen; what somebody else wrote meanwhile is shown instead. */
  async #save(
    key: Key,
    value: Key,
    life: Life,
    seen: Entry | undefined,
    view: View,
  ): Promise<void> {
    try {
      await this.#store.put(key, value, life, seen);
    } catch (thrown) {
      if (!(thrown instanceof ApiError && thrown.code === 'CONFLICT')) throw thrown;
      await this.#showConflict(key, value, life, view);
      return;
    }
    notify(`${keyText(key)} is saved`);
    this.#onChange(key);
    await this.#back(key);
  }

  /** From the editor to the value, and the focus with it. */
  async #back(key: Key): Promise<void> {
    await this.open(key);
    this.element.querySelector('button')?.focus();
  }

  async #showConflict(key: Key, mine: Key, life: Life, view: View): Promise<void> {
    const theirs = await this.#store.get(key);
    const panel = conflictPanel({
      mine,
      theirs: theirs?.value,
      view,
      keepTheirs: () => this.#back(key),
      overwrite: () => this.#save(key, mine, life, theirs, view).catch(complain),
      edit: () => this.#openEditor(key, mine, view, theirs),
    });
    this.#replace(keyText(key), theirs === undefined ? undefined : facts(theirs), panel);
    panel.querySelector('button')?.focus();
  }

  async #delete(key: Key, entry: Entry): Promise<void> {
    const text = keyText(key);
    if (!(await confirmed({ title: 'Delete this key?', text, verb: 'Delete' }))) return;
    try {
      await this.#store.delete(key, entry);
      notify(`${text} is deleted`);
      this.#onChange(key);
      this.close();
    } catch (thrown) {
      complain(thrown);
      await this.open(key);
    }
  }

  /** Asks for the name of a key, then for its value. */
  create(beginning: string): void {
    this.#key = undefined;
    const name = element('input', {
      name: 'key',
      value: beginning,
      required: true,
      spellcheck: 'false',
    });
    const form = element(
      'form',
      { class: 'stack' },
      element('label', {}, 'Key', name),
      element(
        'div',
        { class: 'row' },
        element('button', { class: 'primary' }, 'Next'),
        button('Cancel', () => this.close()),
      ),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const key = new TextEncoder().encode(name.value);
      this.#key = key;
      this.#openEditor(key, new Uint8Array(), 'text', undefined);
    });
    this.#replace('New key', form);
    name.focus();
  }
}

function facts({ value, revision, expiresAt }: Entry): HTMLElement {
  const fact = (name: string, text: string): HTMLElement =>
    element('div', {}, element('dt', {}, name), element('dd', {}, text));
  return element(
    'dl',
    { class: 'facts' },
    fact('Size', formatBytes(value.length)),
    fact('Revision', revision),
    fact('Expires', expiresAt === undefined ? 'never' : formatTime(expiresAt)),
  );
}
