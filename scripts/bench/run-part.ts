/** Runs a part: in a directory of its own that goes with it, with what it measured as the result. */

import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SizeGiven } from './command-line.ts';
import type { BenchPart } from './part.ts';
import { conditionsNow } from './report/conditions.ts';
import { ResultsRecorder } from './report/results.ts';
import type { PartResults } from './report/results-file.ts';
import type { ChosenProgram } from './servers/daemon-program.ts';

export async function runPart(
  part: BenchPart,
  size: SizeGiven,
  { program, description }: ChosenProgram,
  print: (line: string) => void,
): Promise<PartResults> {
  const startedMs = performance.now();
  const conditions = conditionsNow(description);
  const results = new ResultsRecorder();
  const options = { ...part.defaults, ...size };
  const directory = await mkdtemp(join(tmpdir(), `caskd-bench-${part.name}-`));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    await part.run({ ...options, program, directory, results, print });
  } finally {
    process.removeListener('exit', remove);
    await rm(directory, { recursive: true, force: true });
  }
  return {
    part: part.name,
    summary: part.summary,
    conditions,
    options,
    seconds: (performance.now() - startedMs) / 1000,
    ...results.results,
  };
}
