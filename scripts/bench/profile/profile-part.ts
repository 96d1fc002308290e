/** `npm run bench -- profile NAME`: runs a part once with the daemon profiled. */

import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { SizeGiven } from '../command-line.ts';
import type { BenchPart } from '../part.ts';
import { printTables } from '../report/print-tables.ts';
import { tablesOf } from '../report/tables.ts';
import { runPart } from '../run-part.ts';
import type { ChosenProgram } from '../servers/daemon-program.ts';
import { type CpuProfile, hotFunctions } from './hot-functions.ts';

const HOTTEST = 10;
const FOLDER = 'bench-profiles';

/** Leaves a `.cpuprofile` of every daemon that was stopped in good order, and of its worker threads. */
export async function profilePart(
  part: BenchPart,
  size: SizeGiven,
  { program, description }: ChosenProgram,
  print: (line: string) => void,
): Promise<void> {
  const folder = resolve(FOLDER, `${part.name}-${new Date().toISOString().replaceAll(':', '.')}`);
  mkdirSync(folder, { recursive: true });
  const profiled = ['--cpu-prof', `--cpu-prof-dir=${folder}`, ...program];
  const once = { rounds: 1, ...size };
  const results = await runPart(part, once, { program: profiled, description }, print);
  printTables(tablesOf(results), print);
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    print(`\n${path}`);
    for (const line of hotLines(JSON.parse(readFileSync(path, 'utf8')) as CpuProfile)) print(line);
  }
}

function hotLines(profile: CpuProfile): string[] {
  return hotFunctions(profile, HOTTEST).map(({ name, place, selfMs, share }) => {
    const percent = `${(share * 100).toFixed(1)} %`.padStart(7);
    return `${percent} ${selfMs.toFixed(0).padStart(7)} ms  ${name}  ${place}`;
  });
}
