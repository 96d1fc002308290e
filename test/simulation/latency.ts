/** How long operations take, in virtual milliseconds. */

import type { OperationKind } from './phase.ts';
import type { SeededRandom } from './seeded-random.ts';

export interface Latency {
  ofAsync(kind: OperationKind, bytes: number): number;
  /** On the loop: what the event-loop rule judges by. */
  ofSync(kind: OperationKind, bytes: number): number;
}

const SYNC_MS = 0.4;
const OTHER_MS = 0.05;

function fixedMs(kind: OperationKind): number {
  return kind === 'sync' || kind === 'syncDirectory' ? SYNC_MS : OTHER_MS;
}

/** A fast disk, the same for every operation of a kind: operations stay on the loop. */
export const FAST: Latency = { ofAsync: fixedMs, ofSync: fixedMs };

const SLOW_FACTOR = 20;

/** A slow one: writes and syncs leave the loop, and so groups gather meanwhile. */
export const SLOW: Latency = {
  ofAsync: (kind) => fixedMs(kind) * SLOW_FACTOR,
  ofSync: (kind) => fixedMs(kind) * SLOW_FACTOR,
};

const STALL_SHARE = 0.02;
const STALL_MS = 8;

/** Durations that spread over two orders of magnitude: what is pending settles in any order. */
export function randomLatency(random: SeededRandom): Latency {
  const scale = random.pick([0.3, 1, 8]);
  const draw = (kind: OperationKind): number => {
    if (random.chance(STALL_SHARE)) return STALL_MS * (1 + random.fraction());
    return fixedMs(kind) * scale * 10 ** (random.fraction() * 2 - 1);
  };
  return { ofAsync: draw, ofSync: draw };
}
