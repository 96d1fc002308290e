/** Elements of the page, made without markup: what comes from the store is only ever text. */

type Listener = (event: Event) => void;
export type Properties = Readonly<Record<string, string | number | boolean | Listener | undefined>>;
export type Child = Node | string | undefined;

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @param properties a function is a listener, `true` an attribute without a value; `false` and
 * undefined are left out
 */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  return fill(document.createElement(tag), properties, children);
}

export function drawing<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  properties: Properties = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  return fill(
    document.createElementNS(SVG, tag) as SVGElementTagNameMap[Tag],
    properties,
    children,
  );
}

function fill<Made extends Element>(
  made: Made,
  properties: Properties,
  children: readonly Child[],
): Made {
  for (const [name, value] of Object.entries(properties)) {
    if (typeof value === 'function') made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, '');
    else if (value !== undefined && value !== false) made.setAttribute(name, String(value));
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** An element of the page that is always there. */
export function byId<Wanted extends HTMLElement = HTMLElement>(id: string): Wanted {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found as Wanted;
}

/**
 * Work that a control began, and does not begin again meanwhile. It is marked, not disabled: that
 * would take the focus away from it.
 */
export async function busyWith(control: HTMLElement, work: () => Promise<void>): Promise<void> {
  if (control.getAttribute('aria-busy') === 'true') return;
  control.setAttribute('aria-busy', 'true');
  try {
    await work();
  } finally {
    control.removeAttribute('aria-busy');
  }
}

/** A button that waits for its work. */
export function button(
  text: string,
  work: () => void | Promise<void>,
  properties: Properties = {},
): HTMLButtonElement {
  const made = element('button', { type: 'button', ...properties }, text);
  made.addEventListener('click', () => {
    void busyWith(made, async () => work());
  });
  return made;
}

/** A table; a cell that is a number stands on the right. */
export function table(
  caption: string,
  heads: readonly string[],
  rows: readonly (readonly (Node | string | number)[])[],
  format: (value: number) => string = String,
): HTMLElement {
  const isNumber = heads.map((_, column) => typeof rows[0]?.[column] === 'number');
  const cell = (value: Node | string | number, column: number): HTMLElement => {
    const content = typeof value === 'number' ? format(value) : value;
    return element('td', { class: isNumber[column] ? 'number' : undefined }, content);
  };
  return element(
    'div',
    // what scrolls can be reached by the keyboard
    { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': caption },
    element(
      'table',
      { 'aria-label': caption },
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          ...heads.map((head, column) =>
            element('th', { scope: 'col', class: isNumber[column] ? 'number' : undefined }, head),
          ),
        ),
      ),
      element('tbody', {}, ...rows.map((row) => element('tr', {}, ...row.map(cell)))),
    ),
  );
}
