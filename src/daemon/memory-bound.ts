/** The memory that a configuration lets the daemon take in the worst case, part by part. */

import type { SettingName } from './configuration/schema.ts';

const MIB = 1024 * 1024;

interface MemoryPart {
  readonly setting: SettingName;
  readonly what: string;
}

/** Each is enforced: what does not fit waits, is refused, or makes room. */
export const MEMORY_PARTS: readonly MemoryPart[] = [
  { setting: 'maxKeydirBytes', what: 'keys and index' },
  { setting: 'cacheBytes', what: 'value cache' },
  { setting: 'maxWriteQueueBytes', what: 'writes not yet committed' },
  { setting: 'maxRequestBytes', what: 'requests, half-received ones included' },
  { setting: 'maxOutputBytes', what: 'replies that clients have not read' },
  { setting: 'maxReadBytesInFlight', what: 'reads in flight' },
  { setting: 'maxPageBytesInFlight', what: 'pages of ranges' },
];

/** Node's code and heaps of two threads, buffers of merges, and garbage not yet collected. */
export const PROGRAM_BYTES: number = 320 * MIB;

/** @param limitOf the value of a setting, bytes */
export function memoryBound(limitOf: (name: SettingName) => number): number {
  return MEMORY_PARTS.reduce((sum, { setting }) => sum + limitOf(setting), PROGRAM_BYTES);
}
