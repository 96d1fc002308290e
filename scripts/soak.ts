/**
 * `npm run soak -- --minutes N [--seed S]`: everything at once on the real daemon, for as long as
 * asked, with every answer checked; then figures, a chart, and whether memory levels off. Exits with
 * 1 at the first wrong or lost value, when descriptors leak, and when memory exceeds its bound.
 */

import { Command, InvalidArgumentError, Option } from 'commander';
import { problemsOf, summaryOf } from './soak/report.ts';
import { soak } from './soak/soak.ts';

function positive(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('wanted is an integer of at least 1');
}

const command = new Command('soak')
  .description(
    'load a daemon with everything at once, and check every answer, memory and descriptors',
  )
  .addOption(new Option('--minutes <n>', 'how long').default(10).argParser(positive))
  .addOption(new Option('--seconds <n>', 'the same, for short runs').argParser(positive))
  .addOption(
    new Option('--seed <n>', 'of the choices').default(Date.now() % 1_000_000).argParser(positive),
  )
  .parse();

const { minutes, seconds, seed } = command.opts<{
  readonly minutes: number;
  readonly seconds?: number;
  readonly seed: number;
}>();
console.log(`seed ${seed}`);
// a signal ends this process in order, and with it the daemon
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(130));
}
try {
  const print = (line: string) => console.log(line);
  const report = await soak({ seconds: seconds ?? minutes * 60, seed, print });
  for (const line of summaryOf(report)) console.log(line);
  const problems = problemsOf(report);
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
} catch (thrown) {
  console.error(thrown instanceof Error ? thrown.message : thrown);
  process.exitCode = 1;
}
