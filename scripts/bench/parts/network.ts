/**
 * `network`: SET and GET beside Redis with its append-only file, by `redis-benchmark` and by our own
 * client.
 */

import type { BenchContext, BenchPart } from '../part.ts';
import { REDIS_BENCHMARK, REDIS_SERVER, whyMissing } from '../servers/program-of-debian.ts';
import { measureNative } from './network/native.ts';
import { measureOverResp } from './network/over-resp.ts';

export const network: BenchPart = {
  name: 'network',
  summary: 'SET and GET over the network, beside Redis',
  defaults: { rounds: 5, seconds: 0.8, keys: 100_000 },
  isPublished: true,

  async run(context: BenchContext) {
    context.results.note(
      'Neither compacts while it is measured: Redis does not rewrite its file, caskd does not merge.',
    );
    const missing = whyMissing(REDIS_SERVER) ?? whyMissing(REDIS_BENCHMARK);
    if (missing !== undefined) {
      context.results.note(`Redis was skipped: ${missing}.`);
    } else {
      await measureOverResp(context);
    }
    await measureNative(context);
  },
};
