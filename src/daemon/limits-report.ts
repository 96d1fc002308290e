/** What `--print-limits` prints: every limit, and the memory that they amount to. */

import type { Configuration } from './configuration/configuration.ts';
import { effectiveSettings } from './configuration/effective.ts';
import { LIMIT_SECTIONS } from './configuration/limits-page.ts';
import type { SettingName } from './configuration/schema.ts';
import { SECTIONS } from './configuration/sections.ts';
import { MEMORY_PARTS, memoryBound, PROGRAM_BYTES } from './memory-bound.ts';

const MIB = 1024 * 1024;

export interface LimitsReport {
  readonly text: string;
  /** The machine, or its cgroup, grants less than the worst case. */
  readonly warning: string | undefined;
}

/** @param memoryBytes what the machine or its cgroup grants */
export function limitsReport(configuration: Configuration, memoryBytes: number): LimitsReport {
  const titles = new Set<string>(LIMIT_SECTIONS.map((section) => SECTIONS[section].title));
  const limits = effectiveSettings(configuration).filter(({ section }) => titles.has(section));
  const width = Math.max(...limits.map(({ name }) => name.length));
  const lines = limits.map(
    ({ name, text, allowed }) => `${name.padEnd(width)}  ${text}${allowed ? `  (${allowed})` : ''}`,
  );
  const bytesOf = (name: SettingName): number => Number(configuration.values[name]);
  const bound = memoryBound(bytesOf);
  const parts = MEMORY_PARTS.map(
    ({ setting, what }) => `${mib(bytesOf(setting))}  ${setting}: ${what}`,
  );
  const program = `${mib(PROGRAM_BYTES)}  the program: code, heaps, buffers of merges`;
  const memory = [...parts, program, `${mib(bound)}  in the worst case: ${bound} bytes`];
  const text = `${lines.join('\n')}\n\nMemory, MiB:\n${memory.join('\n')}\n`;
  if (bound <= memoryBytes) return { text, warning: undefined };
  const granted = `this machine, or its cgroup, grants ${memoryBytes}`;
  const advice = 'lower maxKeydirBytes, cacheBytes or the others above, or grant more';
  return { text, warning: `the limits amount to ${bound} bytes and ${granted}: ${advice}` };
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(0).padStart(8);
}
