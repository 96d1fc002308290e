/** The page of results, made anew from the file of results. */

import { conditionsText } from './conditions.ts';
import { GOALS, type GoalId } from './goals.ts';
import type { Figure } from './results.ts';
import type { PartResults, ResultsFile } from './results-file.ts';
import { median } from './statistics.ts';
import { figuresTable, markdownOf, tablesOf } from './tables.ts';

const HEAD = `# Benchmarks

Written by \`npm run bench\`; do not edit. \`npm run bench -- list\` tells the parts, \`npm run bench --
NAME\` measures one and renews its section, \`npm run bench -- profile NAME\` says where the time goes.

Every server runs on loopback of the machine that generates the load, with the durability that the
case names: *everysec* is \`--durability interval\` here and \`appendfsync everysec\` in Redis, *always*
is a sync before every answer in both. Peers are measured in turns with caskd, round by round. Numbers
are medians of the rounds; \`±\` is half of the way between the least and the greatest. Machines and
hours differ: the **ratios** of a run say more than its rates. *CPU* is processor time of the server
process, all its threads, for one operation. Keys have 16 to 17 bytes and values 100 unless a case says
otherwise. The samples of every round are in [results.json](benchmarks/results.json).
`;

/** @param order the parts as they shall stand */
export function pageOf(results: ResultsFile, order: readonly string[]): string {
  const parts = order.flatMap((name) => results[name] ?? []);
  return [HEAD, ...parts.map(sectionOf), barOf(parts)].join('\n');
}

function sectionOf(part: PartResults): string {
  const options = Object.entries(part.options).map(([name, value]) => {
    return `${value.toLocaleString('en')} ${name}`;
  });
  const tables = tablesOf(part).map((table) => `**${table.title}**\n\n${markdownOf(table)}\n`);
  const charts = part.charts.map(
    ({ name, title }) => `![${title}](benchmarks/${part.part}-${name}.svg)\n`,
  );
  return [
    `## ${part.part}: ${part.summary}\n`,
    `${conditionsText(part.conditions)}. ${options.join(', ')}; took ${Math.round(part.seconds)} s.\n`,
    ...part.notes.map((note) => `${note}\n`),
    ...tables,
    ...charts,
  ].join('\n');
}

/** Every goal, measured or not; of a goal that several parts judge, the worst. */
function barOf(parts: readonly PartResults[]): string {
  const figures = Object.entries(GOALS).map(([id, { text, unit, bound }]): Figure => {
    const found = parts.flatMap((part) => part.figures.filter(({ goal }) => goal === id));
    const [worst] = found.toSorted((one, other) => worstFirst(one, other));
    return worst ?? { name: text, unit, bound, goal: id as GoalId, samples: [] };
  });
  const table = figuresTable('The bar', figures);
  return `## The bar\n\n${markdownOf(table)}\n`;
}

function worstFirst(one: Figure, other: Figure): number {
  const higher = median(other.samples) - median(one.samples);
  return one.bound.atLeast === undefined ? higher : -higher;
}
