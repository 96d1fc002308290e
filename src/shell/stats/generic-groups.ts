/** Facts that no section knows: plain ones first, then every map of them as a group, however deep. */

import { formatByteCount, formatCount, formatDuration, formatMoment } from '../quantity.ts';
import { type Facts, isFacts } from './facts.ts';
import type { Section } from './section.ts';

export function genericGroups(title: string, facts: Facts): Section[] {
  const names = Object.keys(facts);
  const plain = names.filter((name) => !isFacts(facts[name]));
  const nested = names.filter((name) => isFacts(facts[name]));
  const rows = plain.map((name) => [inWords(name), formatFact(name, facts[name])]);
  return [
    ...(rows.length === 0 ? [] : [{ title, rows }]),
    ...nested.flatMap((name) => genericGroups(`${title}, ${inWords(name)}`, facts[name] as Facts)),
  ];
}

/** `liveBytes` -> `live bytes`. */
export function inWords(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase();
}

function formatFact(name: string, fact: unknown): string {
  if (fact === null || fact === undefined) return '-';
  if (typeof fact !== 'number') return typeof fact === 'object' ? JSON.stringify(fact) : `${fact}`;
  return formatNumberFact(name, fact);
}

/** A number by its name: bytes, a duration, a moment, or a count. */
export function formatNumberFact(name: string, fact: number): string {
  if (/bytes/i.test(name)) return formatByteCount(fact);
  if (/(^ms|Ms)$/.test(name)) return formatDuration(fact);
  return /At$/.test(name) && fact > 0 ? formatMoment(fact) : formatCount(fact);
}
