/** caskd: with its hints, without them, and after kill -9. */

import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from '../../../../src/client/index.ts';
import { ChildDaemon } from '../../../child-daemon.ts';
import { generateLoad } from '../../load/generate-load.ts';
import { keyOf, VALUE_BYTES } from '../../load/keys.ts';
import type { BenchContext } from '../../part.ts';
import { startFilled } from '../../servers/filled-daemon.ts';
import { FIRST_GET, READY, TABLE } from './rows.ts';

/** What is written before a kill. */
const WRITE_MS = 1000;

export async function measureCaskRestarts(context: BenchContext): Promise<void> {
  const directory = join(context.directory, 'caskd');
  const flags = ['--data', directory, '--durability', 'interval', '--merge-automatic', 'false'];
  context.print('filling caskd');
  await (await startFilled(context, flags, context)).stop();
  for (let round = 1; round <= context.rounds; round += 1) {
    context.print(`round ${round} of ${context.rounds}, caskd`);
    await (await started(context, flags, 'hints')).stop();
    await removeHints(directory);
    const daemon = await started(context, flags, 'no hints');
    const way = { connections: 4, depth: 128, measureMs: WRITE_MS } as const;
    await generateLoad(daemon, { kind: 'put', keys: context.keys, ...way });
    await daemon.kill();
    await (await started(context, flags, 'after kill -9')).stop();
  }
}

/** Starts it, times it, and looks whether everything is there. */
async function started(
  { program, results, keys }: BenchContext,
  flags: readonly string[],
  name: string,
): Promise<ChildDaemon> {
  const startedMs = performance.now();
  const daemon = await ChildDaemon.start(flags, program);
  try {
    await using client = await connect({ url: daemon.url });
    const value = await client.get(keyOf(0));
    if (value?.length !== VALUE_BYTES) throw new Error('the first GET found no value');
    const firstGetMs = performance.now() - startedMs;
    const readyMs = await daemon.msUntil('index-ready');
    const count = await client.count();
    if (count !== keys) throw new Error(`${count} of ${keys} keys are there after a restart`);
    const row = { table: TABLE, case: name, subject: 'caskd' };
    results.sample(row, FIRST_GET, 's', firstGetMs / 1000);
    results.sample(row, READY, 's', Math.max(firstGetMs, readyMs) / 1000);
    return daemon;
  } catch (thrown) {
    await daemon.kill();
    throw thrown;
  }
}

async function removeHints(directory: string): Promise<void> {
  const names = await readdir(directory);
  for (const name of names.filter((one) => one.endsWith('.hint'))) await rm(join(directory, name));
}
