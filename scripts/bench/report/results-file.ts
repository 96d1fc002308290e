/** The file of results: what each part measured when it last ran. */

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Conditions } from './conditions.ts';
import type { Results } from './results.ts';

export interface PartResults extends Results {
  readonly part: string;
  readonly summary: string;
  readonly conditions: Conditions;
  /** With which it ran: rounds, seconds, keys. */
  readonly options: Readonly<Record<string, number>>;
  /** How long it took. */
  readonly seconds: number;
}

export type ResultsFile = Readonly<Record<string, PartResults>>;

export function readResults(path: string): ResultsFile {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as ResultsFile) : {};
}

export function writeResults(path: string, results: ResultsFile): void {
  // a line for each array of numbers, so that differences can be read
  const text = JSON.stringify(results, null, 1).replaceAll(
    /\[\s+(-?[\d.e+-]+(?:,\s+-?[\d.e+-]+)*)\s+\]/g,
    (_, numbers: string) => `[${numbers.replaceAll(/\s+/g, ' ')}]`,
  );
  writeFileSync(path, `${text}\n`);
}
