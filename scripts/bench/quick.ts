/** `quick`: the figures to look at after every change, in less than three minutes. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ChildDaemon } from '../child-daemon.ts';
import { type Expectation, Figures } from './figures.ts';
import { generateLoad, KEY_BYTES, VALUE_BYTES } from './generate-load.ts';
import { measureMillionKeys } from './million-keys.ts';
import type { BenchContext, BenchPart } from './part.ts';

/** Read and overwritten at random. */
const KEYS = 100_000;
const PAGE_ITEMS = 100;

const ONE_BY_ONE = { connections: 50, depth: 1 } as const;
const PIPELINED = { connections: 4, depth: 128 } as const;
const ONE_BY_ONE_MIN: Expectation = { atLeast: 60 };
const PIPELINED_MIN: Expectation = { atLeast: 300 };

export const quick: BenchPart = {
  name: 'quick',
  summary: 'rates over the network, restart and memory of a million keys',

  async run(context) {
    console.log(
      `${KEY_BYTES}-byte keys, ${VALUE_BYTES}-byte values, durability interval, ` +
        `median of ${context.rounds} rounds; daemon and load generator share this machine\n`,
    );
    const figures = new Figures();
    for (let round = 1; round <= context.rounds; round += 1) {
      const directory = join(context.directory, `round-${round}`);
      console.log(`round ${round} of ${context.rounds}: requests`);
      await measureRequests(context, directory, figures);
      await rm(directory, { recursive: true });
      console.log(`round ${round} of ${context.rounds}: a million keys`);
      await measureMillionKeys(context, directory, figures);
      await rm(directory, { recursive: true });
    }
    console.log(`\n${figures}`);
  },
};

async function measureRequests(
  context: BenchContext,
  directory: string,
  figures: Figures,
): Promise<void> {
  const flags = ['--data', directory, '--durability', 'interval'];
  const daemon = await ChildDaemon.start(flags, context.program);
  const measure = async (
    name: string,
    kind: 'put' | 'get' | 'range',
    way: { readonly connections: number; readonly depth: number },
    expectation?: Expectation,
  ): Promise<void> => {
    const { requestsPerSecond, daemonMicros } = await generateLoad(daemon, {
      ...{ kind, keys: KEYS, pageItems: PAGE_ITEMS },
      ...way,
    });
    figures.add(name, 'k/s', requestsPerSecond / 1000, expectation);
    figures.add(`  processor time of the daemon, ${kind} ${way.depth}`, 'us', daemonMicros);
  };
  try {
    await generateLoad(daemon, { kind: 'fill', keys: KEYS, ...PIPELINED });
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
