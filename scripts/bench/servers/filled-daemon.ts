/** A daemon with many keys in it. */

import { ChildDaemon } from '../../child-daemon.ts';
import { fillOverResp } from '../load/fill-over-resp.ts';
import { keyOf, VALUE_BYTES } from '../load/keys.ts';
import type { BenchContext } from '../part.ts';

export interface FilledWith {
  readonly keys: number;
  readonly valueBytes?: number;
  /** @default the keys of the benchmark */
  readonly nameOf?: (index: number) => string;
}

/** Starts it and puts the keys. */
export async function startFilled(
  { program }: Pick<BenchContext, 'program'>,
  flags: readonly string[],
  filled: FilledWith,
): Promise<ChildDaemon> {
  const daemon = await ChildDaemon.start([...flags, '--resp', '127.0.0.1:0'], program);
  try {
    await daemon.msUntil('resp-ready');
    await fill(daemon.respPort, filled);
    return daemon;
  } catch (thrown) {
    await daemon.kill();
    throw thrown;
  }
}

/** Over the protocol of Redis: for any server that speaks it. */
export function fill(
  port: number,
  { keys, valueBytes = VALUE_BYTES, nameOf = keyOf }: FilledWith,
): Promise<void> {
  const value = 'v'.repeat(valueBytes);
  return fillOverResp(port, keys, (index) => ({ key: nameOf(index), value }));
}
