/** Puts what a part measured into the file of results, and makes page and charts anew. */

import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chartSvg } from '../charts/chart-svg.ts';
import { pageOf } from './page.ts';
import { type PartResults, readResults, writeResults } from './results-file.ts';

/** `benchmarks.md` beside `benchmarks/`, which has the results and the charts. */
export function publish(docs: string, part: PartResults, order: readonly string[]): void {
  const folder = join(docs, 'benchmarks');
  const path = join(folder, 'results.json');
  mkdirSync(folder, { recursive: true });
  const results = { ...readResults(path), [part.part]: part };
  writeResults(path, results);
  for (const name of readdirSync(folder)) {
    if (name.startsWith(`${part.part}-`) && name.endsWith('.svg')) rmSync(join(folder, name));
  }
  for (const chart of part.charts) {
    writeFileSync(join(folder, `${part.part}-${chart.name}.svg`), chartSvg(chart));
  }
  writeFileSync(join(docs, 'benchmarks.md'), pageOf(results, order));
}
