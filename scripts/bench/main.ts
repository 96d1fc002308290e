/**
 * `npm run bench -- PART...`: measures the real daemon beside its peers, and renews
 * docs/benchmarks.md. Exits with 1 when a part of requirements misses one.
 */

import { fileURLToPath } from 'node:url';
import { type BenchCommand, listText, parseCommandLine } from './command-line.ts';
import { PARTS } from './parts/all-parts.ts';
import { profilePart } from './profile/profile-part.ts';
import { verdictOf } from './report/bound.ts';
import { conditionsText } from './report/conditions.ts';
import { printTables } from './report/print-tables.ts';
import { publish } from './report/publish.ts';
import { median } from './report/statistics.ts';
import { tablesOf } from './report/tables.ts';
import { runPart } from './run-part.ts';
import { chooseDaemonProgram } from './servers/daemon-program.ts';

const DOCS = fileURLToPath(new URL('../../docs', import.meta.url));

const print = (line: string): void => console.log(line);

async function runParts({
  parts,
  size,
  page,
}: BenchCommand & { readonly action: 'run' }): Promise<void> {
  const program = chooseDaemonProgram();
  const order = PARTS.map(({ name }) => name);
  for (const part of parts) {
    print(`\n${part.name}: ${part.summary}`);
    const results = await runPart(part, size, program, print);
    print(conditionsText(results.conditions));
    for (const note of results.notes) print(note);
    printTables(tablesOf(results), print);
    if (part.isPublished && page) publish(DOCS, results, order);
    const missed = results.figures.filter(
      ({ samples, bound }) => verdictOf(median(samples), bound) === 'missed',
    );
    if (part.isRequirement && missed.length > 0) process.exitCode = 1;
  }
}

// a signal ends this process in order, and with it what it started
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(130));
}
const command = parseCommandLine(process.argv.slice(2), PARTS);
if (command.action === 'list') print(listText(PARTS));
else if (command.action === 'run') await runParts(command);
else await profilePart(command.part, command.size, chooseDaemonProgram(), print);
