/**
 * What the daemon is run with here, and the memory that it may take then: the sum of the limits
 * that bound its parts, and of what the program itself takes.
 */

import { memoryBound as boundOf } from '../../src/daemon/memory-bound.ts';

/** Small enough that a leak would come up against the bound soon. */
export const LIMIT_FLAGS: readonly string[] = [
  ...['--max-keydir-bytes', '64m', '--cache-bytes', '16m', '--max-write-queue-bytes', '16m'],
  ...['--max-request-bytes', '32m', '--max-output-bytes', '32m', '--output-soft-bytes', '1m'],
  ...[
    '--output-hard-bytes',
    '8m',
    '--output-timeout-ms',
    '2000',
    '--max-page-bytes-in-flight',
    '16m',
  ],
  // a machine that is busy with other things is late, and not wrong
  ...['--request-timeout-ms', '120000'],
  ...['--max-read-bytes-in-flight', '16m', '--max-batch-bytes', '8m', '--max-value-bytes', '4m'],
];

export function memoryBound(limits: Readonly<Record<string, { readonly limit: number }>>): number {
  return boundOf((name) => {
    const limit = limits[name]?.limit;
    if (limit === undefined) throw new Error(`STATS has no limit ${name}`);
    return limit;
  });
}
