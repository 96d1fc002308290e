/** Everything that is fuzzed. */

import type { FuzzTarget } from '../fuzz-target.ts';
import { CACHE_TARGETS } from './caches.ts';
import { respCommands } from './commands.ts';
import { importLines } from './lines.ts';
import { SEGMENT_TARGETS } from './segments.ts';
import { preamble, replyFrames, requestFrames } from './streams.ts';

export const TARGETS: readonly FuzzTarget[] = [
  requestFrames,
  replyFrames,
  preamble,
  respCommands,
  importLines,
  ...SEGMENT_TARGETS,
  ...CACHE_TARGETS,
];

export function targetNamed(name: string): FuzzTarget {
  const target = TARGETS.find((candidate) => candidate.name === name);
  if (target === undefined) throw new Error(`there is no fuzz target ${name}`);
  return target;
}
