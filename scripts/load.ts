/**
 * `npm run load [-- --scale S]`: ten thousand idle connections, a thousand slow readers, clients
 * that never read, flood, vanish, send garbage or dawdle; beside them one good client whose p99 is
 * compared with what it is undisturbed. Exits with 1 when one of them is served wrongly.
 */

import { Command, InvalidArgumentError, Option } from 'commander';
import { isRight, runLoad } from './load/load.ts';

function scaleOf(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 1) return value;
  throw new InvalidArgumentError('wanted is a number above 0, at most 1');
}

const command = new Command('load')
  .description('bad clients of all kinds, and what a good one notices of them')
  .addOption(new Option('--scale <s>', 'how much of each').default(1).argParser(scaleOf))
  .parse();

const { scale } = command.opts<{ scale: number }>();
const rows = await runLoad({ scale, print: (line) => console.log(line) });
const bad = rows.filter((row) => !isRight(row));
console.log(bad.length === 0 ? 'all of it as it should be' : `${bad.length} FAILED`);
process.exitCode = bad.length === 0 ? 0 : 1;
