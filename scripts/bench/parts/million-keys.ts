/** One million keys: how long a restart takes, and how much memory a key takes. */

import { setTimeout as pause } from 'node:timers/promises';
import { connect } from '../../../src/client/index.ts';
import { ChildDaemon } from '../../child-daemon.ts';
import { generateLoad } from '../load/generate-load.ts';
import type { BenchContext } from '../part.ts';

const KEYS = 1_000_000;
const RESTART_MS_MAX = 1500;
const BYTES_PER_KEY_MAX = 77;
/** For memory to come to rest. */
const SETTLE_MS = 1000;

/** No value cache and no merge that begins by itself, so that memory is keys and nothing else. */
const FLAGS = ['--durability', 'interval', '--cache-bytes', '0', '--merge-automatic', 'false'];

export async function measureMillionKeys(context: BenchContext, directory: string): Promise<void> {
  const { results } = context;
  const flags = ['--data', directory, ...FLAGS];
  const start = (): Promise<ChildDaemon> => ChildDaemon.start(flags, context.program);
  let daemon = await start();
  try {
    const emptyBytes = await settledBytes(daemon);
    const fill = { kind: 'fill', connections: 4, depth: 128, keys: KEYS } as const;
    const load = await generateLoad(daemon, fill);
    results.figure('put a million new keys, 4 x 128', 'k/s', load.requestsPerSecond / 1000);
    const loadedBytes = await settledBytes(daemon);

    await daemon.kill();
    daemon = await start();
    await daemon.msUntil('index-ready');
    await checkKeys(daemon);
    results.figure('restart after kill -9, ready', 'ms', await daemon.msUntil('ready'));
    results.figure('restart after kill -9, index ready', 'ms', await daemon.msUntil('index-ready'));
    await daemon.stop();

    daemon = await start();
    await daemon.msUntil('index-ready');
    const bound = { atMost: RESTART_MS_MAX };
    results.figure('restart by hints, ready', 'ms', await daemon.msUntil('ready'), bound);
    const indexMs = await daemon.msUntil('index-ready');
    results.figure('restart by hints, index ready', 'ms', indexMs, bound);
    const restartedBytes = await settledBytes(daemon);
    const keydirBytes = await checkKeys(daemon);

    const memory = { atMost: BYTES_PER_KEY_MAX };
    const perKey = (bytes: number): number => (bytes - emptyBytes) / KEYS;
    results.figure('memory per key, after the puts', 'bytes', perKey(loadedBytes), memory);
    results.figure('memory per key, after a restart', 'bytes', perKey(restartedBytes), memory);
    results.figure('  of it keydir and index, by stats', 'bytes', keydirBytes / KEYS);
    await daemon.stop();
  } finally {
    await daemon.kill();
  }
}

/** Figures of a store that lost something are worth nothing. @returns the keydir's own count */
async function checkKeys(daemon: ChildDaemon): Promise<number> {
  await using client = await connect({ url: daemon.url });
  const stats = await client.stats();
  const { keys, damage, keydir } = stats as {
    readonly keys: number;
    readonly damage: readonly unknown[];
    readonly keydir: { readonly bytes: number };
  };
  if (keys === KEYS && damage.length === 0) return keydir.bytes;
  const found = `${keys} keys are there, and ${damage.length} damaged ranges`;
  throw new Error(`after a restart ${found}; ${KEYS} keys were put`);
}

async function settledBytes(daemon: ChildDaemon): Promise<number> {
  await pause(SETTLE_MS);
  return daemon.residentBytes();
}
