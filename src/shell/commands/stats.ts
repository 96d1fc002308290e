/** stats: what the server knows of itself, as a page or as a line a second. */

import { EXIT_OK, UsageError } from '../exit-codes.ts';
import { isCancelled, pause } from '../repetition.ts';
import { columnsOf, isTerminal, paint, write } from '../shell-io.ts';
import type { Facts } from '../stats/facts.ts';
import {
  columnsWithin,
  type Motion,
  STAT_COLUMNS,
  statHeader,
  statLine,
} from '../stats/stat-line.ts';
import { renderStatsPage } from '../stats/stats-page.ts';
import type { CommandSpec, Flags, Invocation } from './command.ts';

/** Lines under a header. */
const LINES_A_HEADER = 20;
const SECONDS_DEFAULT = 1;

const watches = (flags: Flags): boolean => flags.has('watch');

export const stats: CommandSpec = {
  name: 'stats',
  summary: "print the server's statistics",
  args: [],
  flags: [{ flags: '--watch', kind: 'switch', summary: 'a line a second about what goes on' }],
  notes:
    '--json prints everything that the server tells, in its own words. With --watch, -i is the\n' +
    'seconds between lines and -r how many lines; p99 is of the last 10 to 20 s, in ms.',
  heedsInterrupt: watches,
  repeatsItself: watches,

  async run(invocation) {
    const { shell, flags, format } = invocation;
    const client = await shell.client();
    if (watches(flags)) return watchStats(invocation);
    if (format === 'csv') throw new UsageError('stats has no CSV but with --watch');
    const facts = await client.stats();
    const { stdout } = shell.io;
    const text =
      format === 'json'
        ? `${JSON.stringify(facts)}\n`
        : renderStatsPage(facts, client.serverInfo?.version, stdout);
    await write(stdout, text);
    return EXIT_OK;
  },
};

async function watchStats(invocation: Invocation): Promise<number> {
  const { shell, flags } = invocation;
  const seconds = flags.number('interval') ?? SECONDS_DEFAULT;
  const lines = flags.number('repeat') ?? Number.POSITIVE_INFINITY;
  const client = await shell.client();
  const look = async () => ({ facts: (await client.stats()) as Facts, ms: performance.now() });
  try {
    let last = await look();
    for (let line = 0; line < lines && (await pause(seconds, shell.signal)); line++) {
      const now = await look();
      const motion = {
        before: last.facts,
        now: now.facts,
        seconds: Math.max(0.001, (now.ms - last.ms) / 1000),
      };
      last = now;
      await printLine(invocation, motion, line);
    }
  } catch (thrown) {
    if (!isCancelled(thrown, shell.signal)) throw thrown;
  }
  return EXIT_OK;
}

async function printLine(
  { shell, format }: Invocation,
  motion: Motion,
  line: number,
): Promise<void> {
  const { stdout } = shell.io;
  if (format === 'json') {
    const values = STAT_COLUMNS.map(({ name, value }) => [name, value(motion)]);
    await write(stdout, `${JSON.stringify(Object.fromEntries(values))}\n`);
    return;
  }
  if (format === 'csv') {
    const head = line === 0 ? `${STAT_COLUMNS.map(({ name }) => name).join(',')}\n` : '';
    const values = STAT_COLUMNS.map(({ value }) => value(motion) ?? '');
    await write(stdout, `${head}${values.join(',')}\n`);
    return;
  }
  const columns = isTerminal(stdout) ? columnsWithin(columnsOf(stdout)) : STAT_COLUMNS;
  if (line % LINES_A_HEADER === 0) {
    await write(stdout, `${paint(stdout, 'bold', statHeader(columns))}\n`);
  }
  await write(stdout, `${statLine(columns, motion)}\n`);
}
