/** `quick`: the figures to look at after every change, in less than three minutes. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ChildDaemon } from '../../child-daemon.ts';
import { generateLoad } from '../load/generate-load.ts';
import type { BenchContext, BenchPart } from '../part.ts';
import type { Bound } from '../report/bound.ts';
import { measureMillionKeys } from './million-keys.ts';

const PAGE_ITEMS = 100;

const ONE_BY_ONE = { connections: 50, depth: 1 } as const;
const PIPELINED = { connections: 4, depth: 128 } as const;
const ONE_BY_ONE_MIN: Bound = { atLeast: 60 };
const PIPELINED_MIN: Bound = { atLeast: 300 };

export const quick: BenchPart = {
  name: 'quick',
  summary: 'rates over the network, restart and memory of a million keys',

  defaults: { rounds: 3, seconds: 1.5, keys: 100_000 },
  isPublished: false,

  async run(context) {
    for (let round = 1; round <= context.rounds; round += 1) {
      const directory = join(context.directory, `round-${round}`);
      context.print(`round ${round} of ${context.rounds}: requests`);
      await measureRequests(context, directory);
      await rm(directory, { recursive: true });
      context.print(`round ${round} of ${context.rounds}: a million keys`);
      await measureMillionKeys(context, directory);
      await rm(directory, { recursive: true });
    }
  },
};

async function measureRequests(context: BenchContext, directory: string): Promise<void> {
  const { keys, results } = context;
  const flags = ['--data', directory, '--durability', 'interval'];
  const daemon = await ChildDaemon.start(flags, context.program);
  const measure = async (
    name: string,
    kind: 'put' | 'get' | 'range',
    way: { readonly connections: number; readonly depth: number },
    bound?: Bound,
  ): Promise<void> => {
    const { requestsPerSecond, serverMicros } = await generateLoad(daemon, {
      ...{ kind, keys, pageItems: PAGE_ITEMS, measureMs: context.seconds * 1000 },
      ...way,
    });
    results.figure(name, 'k/s', requestsPerSecond / 1000, bound);
    results.figure(`  processor time of the daemon, ${kind} ${way.depth}`, 'us', serverMicros);
  };
  try {
    await generateLoad(daemon, { kind: 'fill', keys, ...PIPELINED });
    await measure('put one by one, 50 connections', 'put', ONE_BY_ONE, ONE_BY_ONE_MIN);
    await measure('get one by one, 50 connections', 'get', ONE_BY_ONE, ONE_BY_ONE_MIN);
    await measure('put pipelined, 4 x 128', 'put', PIPELINED, PIPELINED_MIN);
    await measure('get pipelined, 4 x 128', 'get', PIPELINED, PIPELINED_MIN);
    await measure(`range pages of ${PAGE_ITEMS}, 4 x 8`, 'range', { connections: 4, depth: 8 });
    await daemon.stop();
  } finally {
    await daemon.kill();
  }
}
