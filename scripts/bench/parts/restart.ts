/** `restart`: from starting the process to its first GET and until all is served, beside Redis. */

import type { BenchContext, BenchPart } from '../part.ts';
import { barsOfTable, medianOf } from '../report/chart-of-rows.ts';
import { REDIS_SERVER, whyMissing } from '../servers/program-of-debian.ts';
import { measureCaskRestarts } from './restart/cask-restarts.ts';
import { measureRedisRestarts } from './restart/redis-restarts.ts';
import { FIRST_GET, READY, TABLE } from './restart/rows.ts';

export const restart: BenchPart = {
  name: 'restart',
  summary: 'from the start of the process to the first GET and to all served, beside Redis',
  defaults: { rounds: 3, seconds: 1, keys: 10_000_000 },
  isPublished: true,

  async run(context: BenchContext) {
    const { results } = context;
    results.note(
      `${context.keys.toLocaleString('en')} keys; the page cache is warm. Redis serves nothing ` +
        'before it has loaded all.',
    );
    await measureCaskRestarts(context);
    const missing = whyMissing(REDIS_SERVER);
    if (missing === undefined) {
      await measureRedisRestarts(context);
      judge(context);
    } else {
      results.note(`Redis was skipped: ${missing}.`);
    }
    const chart = { name: 'ready', title: 'Until all is served after a restart' };
    results.chart(barsOfTable(results.results, TABLE, READY, chart));
  },
};

/** Medians: the servers are not restarted in turns, as both at once would not fit into memory. */
function judge({ results }: BenchContext): void {
  const of = (subject: string, name: string, metric: string) =>
    medianOf(results.results, { table: TABLE, case: name, subject }, metric);
  const redis = of('redis', 'snapshot (RDB)', READY);
  results.judge('restart-first-get', redis / of('caskd', 'hints', FIRST_GET));
  results.judge('restart-ready', redis / of('caskd', 'hints', READY));
}
