/**
 * `npm run load [-- PART...] [--scale S] [--only WORDS]`: what the daemon bears. `clients`: ten
 * thousand idle connections, a thousand slow readers, clients that never read, flood, vanish, send
 * garbage or dawdle; beside them one good client whose p99 is compared with what it is undisturbed.
 * `memory`: what is resident with a hundred thousand and a million records. `scrapes`: how long
 * metrics take with ten million. Exits with 1 when something is not as it should be.
 */

import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { chooseDaemonProgram } from './bench/servers/daemon-program.ts';
import { isPrompt, isRight, type LoadRow, runLoad } from './load/load.ts';
import { fits, MEMORY_GRANTS, measureMemory } from './load/memory.ts';
import { isSoonEnough, measureScrapes, SCRAPED_KEYS } from './load/scrapes.ts';

function scaleOf(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 1) return value;
  throw new InvalidArgumentError('wanted is a number above 0, at most 1');
}

interface Options {
  readonly scale: number;
  readonly only?: string;
}

const print = (line: string): void => console.log(line);

/** Each resolves to how many of its rows are not as they should be. */
const PARTS: Readonly<Record<string, (options: Options) => Promise<number>>> = {
  async clients({ scale, only }) {
    const rows = await runLoad({ scale, only, print });
    const [quiet] = rows;
    const isGood = (row: LoadRow) => isRight(row) && (quiet === undefined || isPrompt(row, quiet));
    return rows.filter((row) => !isGood(row)).length;
  },
  async memory({ scale }) {
    const { program, description } = chooseDaemonProgram();
    print(`daemon: ${description}`);
    let failures = 0;
    for (const { records, bytes } of MEMORY_GRANTS) {
      const grant = { records: Math.ceil(records * scale), bytes };
      if (!fits(await measureMemory(grant, program, print))) failures += 1;
    }
    return failures;
  },
  async scrapes({ scale }) {
    const { program } = chooseDaemonProgram();
    const rows = await measureScrapes(Math.ceil(SCRAPED_KEYS * scale), program, print);
    return rows.filter((row) => !isSoonEnough(row)).length;
  },
};

const names = Object.keys(PARTS);
const command = new Command('load')
  .description('bad clients of all kinds, memory and scrapes: what the daemon bears')
  .addArgument(new Argument('[parts...]', 'what to try').choices(names).default(names))
  .addOption(new Option('--scale <s>', 'how much of each').default(1).argParser(scaleOf))
  .option('--only <words>', 'of the bad clients, those whose name has these words')
  .parse();

const [chosen] = command.processedArgs as [readonly string[]];
let failures = 0;
for (const name of names) {
  if (chosen.includes(name)) failures += (await PARTS[name]?.(command.opts<Options>())) ?? 0;
}
console.log(failures === 0 ? 'all of it as it should be' : `${failures} FAILED`);
process.exitCode = failures === 0 ? 0 : 1;
