/**
 * `npm run bench -- PART...`: measures the real daemon through the real client. Without a part,
 * all of them. A new part is one file, and one line here.
 */

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { chooseDaemonProgram } from './daemon-program.ts';
import { http } from './http.ts';
import type { BenchPart } from './part.ts';
import { quick } from './quick.ts';

const PARTS: readonly BenchPart[] = [quick, http];

function parseRounds(text: string): number {
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 1) throw new InvalidArgumentError('It is 1 or more.');
  return rounds;
}

async function runParts(parts: readonly BenchPart[], rounds: number): Promise<void> {
  const { program, description } = chooseDaemonProgram();
  const processors = availableParallelism();
  console.log(`daemon: ${description}; Node ${process.versions.node}; ${processors} processors`);
  const parent = await mkdtemp(join(tmpdir(), 'caskd-bench-'));
  try {
    for (const part of parts) {
      console.log(`\n${part.name}: ${part.summary}`);
      const directory = join(parent, part.name);
      await mkdir(directory);
      await part.run({ program, directory, rounds });
    }
  } finally {
    await rm(parent, { recursive: true });
  }
}

const names = PARTS.map(({ name }) => name);
const program = new Command('bench')
  .description('Measures the daemon through the client, on a temporary directory.')
  .addArgument(new Argument('[parts...]', 'what to measure').choices(names).default(names))
  .option('--rounds <n>', 'how often; the median is shown', parseRounds, 3)
  .addHelpText('after', `\n${PARTS.map(({ name, summary }) => `${name}: ${summary}`).join('\n')}`)
  .parse();
const [chosen] = program.processedArgs as [readonly string[]];
await runParts(
  PARTS.filter(({ name }) => chosen.includes(name)),
  program.opts<{ rounds: number }>().rounds,
);
