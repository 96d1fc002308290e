/** Short messages at the edge of the page, read aloud where the page is. */

import { ApiError } from './api.ts';
import { byId, element } from './element.ts';

const SHOWN_MS = 6000;
const NOTICES_MAX = 4;

export function notify(text: string): void {
  const notice = add(text, 'notice');
  window.setTimeout(() => notice.remove(), SHOWN_MS);
}

/** Stays until it is closed. */
export function complain(thrown: unknown): void {
  add(messageOf(thrown), 'notice bad');
}

export function messageOf(thrown: unknown): string {
  if (thrown instanceof ApiError) return `${sentence(thrown.message)} (${thrown.code})`;
  return thrown instanceof Error ? sentence(thrown.message) : String(thrown);
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function add(text: string, kind: string): HTMLElement {
  const place = byId('notices');
  const notice = element('div', { class: kind }, element('span', {}, text));
  const close = element('button', { type: 'button', class: 'quiet', 'aria-label': 'Dismiss' }, '×');
  close.addEventListener('click', () => notice.remove());
  notice.append(close);
  place.append(notice);
  while (place.children.length > NOTICES_MAX) place.firstElementChild?.remove();
  return notice;
}
