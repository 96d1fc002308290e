/**
 * Ctrl-C for commands that go on until then: the first one asks them to end, a second one ends
 * the process. All other commands are ended by the first, as any program.
 */

import type { EventEmitter } from 'node:events';

/**
 * Ctrl-C reaches all processes of the terminal, and our shim (`bin/launch.js`) forwards it
 * besides: within this time it is the same one.
 */
const SAME_WISH_MS = 100;

/** Begins to listen. @param insist what a second Ctrl-C does */
export function interruptSignal(source: Pick<EventEmitter, 'on'>, insist: () => void): AbortSignal {
  const controller = new AbortController();
  let firstMs: number | undefined;
  source.on('SIGINT', () => {
    const nowMs = performance.now();
    if (firstMs !== undefined && nowMs - firstMs >= SAME_WISH_MS) insist();
    firstMs ??= nowMs;
    controller.abort();
  });
  return controller.signal;
}
