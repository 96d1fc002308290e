/** Light or dark: as the system says, until somebody chooses. */

import { byId } from './element.ts';

const CHOICES = ['system', 'light', 'dark'] as const;
type Choice = (typeof CHOICES)[number];
const STORED = 'caskd-theme';

const systemIsDark = window.matchMedia('(prefers-color-scheme: dark)');
const listeners: (() => void)[] = [];
let choice: Choice = CHOICES.find((one) => one === localStorage.getItem(STORED)) ?? 'system';

/** Called when colours have changed. */
export function onThemeChange(listener: () => void): void {
  listeners.push(listener);
}

/** A colour of theme.css, for what is drawn on a canvas. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export function nextTheme(): void {
  choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length] as Choice;
  localStorage.setItem(STORED, choice);
  show();
}

export function startTheme(): void {
  systemIsDark.addEventListener('change', show);
  byId('theme').addEventListener('click', nextTheme);
  show();
}

function show(): void {
  const isDark = choice === 'dark' || (choice === 'system' && systemIsDark.matches);
  document.documentElement.dataset['theme'] = isDark ? 'dark' : 'light';
  byId('theme').textContent = `Theme: ${choice}`;
  for (const listener of listeners) listener();
}
