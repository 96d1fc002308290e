/**
 * `npm run torture -- --rounds N [--durability always|interval|os] [--seed S]`: kills the daemon
 * with -9 under load, during merges, recovery and shutdown, and checks every acknowledged write
 * and every visible value after each restart. Exits with 1 at the first loss, naming the seed and
 * the history of the key, and keeps the data directory.
 */

import { Command, InvalidArgumentError, Option } from 'commander';
import { summaryOf, type TortureOptions, torture } from './torture/torture.ts';

function positive(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('wanted is an integer of at least 1');
}

const command = new Command('torture')
  .description('kill the daemon again and again, and check that nothing acknowledged is lost')
  .addOption(new Option('--rounds <n>', 'how often').default(100).argParser(positive))
  .addOption(
    new Option('--durability <mode>', 'of the daemon')
      .choices(['always', 'interval', 'os'])
      .default('always'),
  )
  .addOption(
    new Option('--seed <n>', 'of the choices').default(Date.now() % 1_000_000).argParser(positive),
  )
  .parse();

const options: TortureOptions = {
  ...command.opts<Pick<TortureOptions, 'rounds' | 'durability' | 'seed'>>(),
  print: (line) => console.log(line),
};
console.log(`seed ${options.seed}, durability ${options.durability}`);
// a signal ends this process in order, and with it the daemon
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(130));
}
try {
  for (const line of summaryOf(await torture(options))) console.log(line);
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 1;
}
