/** Signals that stop the daemon: the first asks, the second insists. */

import type { EventEmitter } from 'node:events';

export type StopSignal = 'SIGTERM' | 'SIGINT';
export const STOP_SIGNALS: readonly StopSignal[] = ['SIGTERM', 'SIGINT'];

/**
 * Ctrl-C reaches the whole group of processes, and npm and our own shim (`bin/launch.js`) forward
 * it besides: the same signal again within this time is the same wish.
 */
const SAME_WISH_MS = 100;

export interface StopSignalOptions {
  /** Where the signals come from: `process`. */
  readonly source: Pick<EventEmitter, 'on'>;
  readonly onFirst: (signal: StopSignal) => void;
  readonly onSecond: (signal: StopSignal) => void;
}

export function watchStopSignals({ source, onFirst, onSecond }: StopSignalOptions): void {
  let first: { readonly signal: StopSignal; readonly ms: number } | undefined;
  for (const signal of STOP_SIGNALS) {
    source.on(signal, () => {
      const ms = performance.now();
      if (first === undefined) {
        first = { signal, ms };
        onFirst(signal);
      } else if (first.signal !== signal || ms - first.ms >= SAME_WISH_MS) {
        onSecond(signal);
      }
    });
  }
}
