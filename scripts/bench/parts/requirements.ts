/**
 * `requirements`: the figures that this system has to beat, through the client and through REST, at
 * the default durability. The benchmark fails when one is missed.
 */

import { join } from 'node:path';
import { ChildDaemon } from '../../child-daemon.ts';
import type { BenchContext, BenchPart } from '../part.ts';
import { startFilled } from '../servers/filled-daemon.ts';
import { dropPageCache } from '../servers/page-cache.ts';
import { openClientFront } from './requirements/client-front.ts';
import type { Front } from './requirements/front.ts';
import { measureBatches } from './requirements/measure-batches.ts';
import { measureEcho } from './requirements/measure-echo.ts';
import { measurePages } from './requirements/measure-pages.ts';
import { measureCachedReads, measureUncachedReads } from './requirements/measure-reads.ts';
import { measureWrites } from './requirements/measure-writes.ts';
import { openRestFront } from './requirements/rest-front.ts';

const RESTART_SECONDS_MAX = 5;

export const requirements: BenchPart = {
  name: 'requirements',
  summary: 'the figures that this system has to beat, at the default durability',
  defaults: { rounds: 3, seconds: 1, keys: 1_000_000 },
  isPublished: true,
  isRequirement: true,

  async run(context: BenchContext) {
    const flags = ['--data', join(context.directory, 'data'), '--http', '127.0.0.1:0'];
    const filling = [...flags, '--durability', 'interval'];
    await (await startFilled(context, filling, context)).stop();
    for (let round = 1; round <= context.rounds; round += 1) {
      context.print(`round ${round} of ${context.rounds}`);
      await measureEcho(context);
      await withFronts(context, flags, async (fronts) => {
        for (const front of fronts) {
          await measureCachedReads(context, front);
          await measureWrites(context, front);
          await measureBatches(context, front);
          await measurePages(context, front);
        }
      });
      await withFronts(context, [...flags, '--cache-bytes', '0'], async (fronts) => {
        for (const front of fronts) {
          const isCold = dropPageCache();
          if (!isCold) context.results.note('Uncached reads come from the page cache: not root.');
          await measureUncachedReads(context, front);
        }
      });
    }
  },
};

async function withFronts(
  { program, results }: BenchContext,
  flags: readonly string[],
  work: (fronts: readonly Front[]) => Promise<void>,
): Promise<void> {
  const daemon = await ChildDaemon.start(flags, program);
  try {
    const readySeconds = (await daemon.msUntil('index-ready')) / 1000;
    results.figure('restart until all is served', 's', readySeconds, {
      atMost: RESTART_SECONDS_MAX,
    });
    await daemon.msUntil('http-ready');
    const fronts = [await openClientFront(daemon.url), openRestFront(daemon.httpUrl)];
    await work(fronts);
    for (const front of fronts) await front.close();
    await daemon.stop();
  } finally {
    await daemon.kill();
  }
}
