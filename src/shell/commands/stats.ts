/** stats: what the server knows of itself, in groups. */

import { EXIT_OK } from '../exit-codes.ts';
import { formatByteCount, formatCount, formatDuration, formatMoment } from '../quantity.ts';
import { paint, type ShellOutput, write } from '../shell-io.ts';
import { renderTable } from '../table.ts';
import type { CommandSpec } from './command.ts';

export const stats: CommandSpec = {
  name: 'stats',
  summary: "print the server's statistics",
  args: [],
  flags: [],

  async run({ shell, format }) {
    const facts = await (await shell.client()).stats();
    const text =
      format === 'json' ? `${JSON.stringify(facts)}\n` : renderStats(facts, shell.io.stdout);
    await write(shell.io.stdout, text);
    return EXIT_OK;
  },
};

type Facts = Readonly<Record<string, unknown>>;

/** Plain facts first, then every map of them as a group of its own, however deep. */
export function renderStats(facts: object, stream: ShellOutput): string {
  return groups('', facts as Facts)
    .map(({ title, rows }) => {
      const head = title === '' ? '' : `${paint(stream, 'bold', title)}\n`;
      return head + renderTable(rows.map(([name, ...values]) => [`  ${name}`, ...values]));
    })
    .join('\n');
}

interface Group {
  readonly title: string;
  readonly rows: (readonly string[])[];
}

function groups(title: string, facts: Facts): Group[] {
  if (title === 'limits') return [{ title, rows: limitRows(facts) }];
  const names = Object.keys(facts);
  const plain = names.filter((name) => !isFacts(facts[name]));
  const nested = names.filter((name) => isFacts(facts[name]));
  const rows = plain.map((name) => [inWords(name), formatFact(name, facts[name])] as const);
  return [
    ...(rows.length === 0 ? [] : [{ title, rows }]),
    ...nested.flatMap((name) =>
      groups(title === '' ? inWords(name) : `${title}, ${inWords(name)}`, facts[name] as Facts),
    ),
  ];
}

/** Limits stand under the names of their settings, one a row. */
function limitRows(limits: Facts): string[][] {
  const rows = Object.entries(limits).map(([name, figure]) => {
    const { limit, current, high, reached } = figure as Facts;
    const amounts = [limit, current, high].map((amount) => formatAmount(name, amount));
    return [name, ...amounts, formatFact('', reached)];
  });
  return [['', 'limit', 'now', 'most', 'reached'], ...rows];
}

function formatAmount(name: string, amount: unknown): string {
  if (typeof amount !== 'number') return '-';
  return /bytes/i.test(name) && amount >= 1024 ? formatByteCount(amount) : formatFact(name, amount);
}

function isFacts(value: unknown): value is Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `liveBytes` -> `live bytes`. */
function inWords(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll('_', ' ')
    .toLowerCase();
}

function formatFact(name: string, fact: unknown): string {
  if (fact === null || fact === undefined) return '-';
  if (typeof fact !== 'number') return typeof fact === 'object' ? JSON.stringify(fact) : `${fact}`;
  if (/^bytes|bytes$/i.test(name)) return byteFact(fact);
  if (/(^ms|Ms)$/.test(name)) return formatDuration(fact);
  return /At$/.test(name) && fact > 0 ? formatMoment(fact) : formatCount(fact);
}

function byteFact(bytes: number): string {
  const exact = formatCount(bytes);
  return bytes < 1024 ? exact : `${exact} (${formatByteCount(bytes)})`;
}
