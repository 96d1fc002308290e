/** Where little memory is granted, V8 collects garbage sooner, so that more is left for data. */

import { setFlagsFromString } from 'node:v8';

/** Up to here memory is worth more than the time that it takes to spare it. */
export const SMALL_MEMORY_BYTES: number = 192 * 1024 * 1024;

/**
 * The young generation stays as small as it begins (2 MiB for 16; it grows by the factor), and the
 * old one grows by small steps. Both flags are looked at whenever a heap grows, those of workers
 * included; they cost processor time.
 */
const FLAGS = ['--semi-space-growth-factor=1', '--optimize-for-size'];

/** @param grantedBytes what the process may use */
export function spareMemory(grantedBytes: number): void {
  if (grantedBytes <= SMALL_MEMORY_BYTES) for (const flag of FLAGS) setFlagsFromString(flag);
}
