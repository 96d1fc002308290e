/**
 * What Linux tells under `/proc` and Node does not. Read through the thread pool, never while
 * somebody waits for it. Where a file is missing (another system, `ProcSubset=pid`) the figure is
 * undefined.
 */

import { readdir, readFile } from 'node:fs/promises';

/** CPU time of the whole machine since it started, in seconds. */
export interface SystemCpuTimes {
  readonly user: number;
  readonly system: number;
  readonly iowait: number;
  readonly idle: number;
  /** Taken by other guests of the hypervisor. */
  readonly steal: number;
}

/** The unit of /proc/stat, fixed by the kernel's interface whatever its own tick is. */
const TICKS_PER_SECOND = 100;
/** user nice system idle iowait irq softirq steal */
const CPU_LINE = /^cpu +(\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+) (\d+)/m;
const OPEN_FILES_LINE = /^Max open files +(\d+|unlimited)/m;

export function parseCpuTimes(stat: string): SystemCpuTimes | undefined {
  const match = CPU_LINE.exec(stat);
  if (match === null) return undefined;
  const [user, nice, system, idle, iowait, irq, softirq, steal] = match
    .slice(1)
    .map((ticks) => Number(ticks) / TICKS_PER_SECOND) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return { user: user + nice, system: system + irq + softirq, iowait, idle, steal };
}

/** The soft limit of descriptors; undefined when there is none. */
export function parseOpenFilesMax(limits: string): number | undefined {
  const [, max] = OPEN_FILES_LINE.exec(limits) ?? [];
  return max === undefined || max === 'unlimited' ? undefined : Number(max);
}

export async function readCpuTimes(): Promise<SystemCpuTimes | undefined> {
  const stat = await textOf('/proc/stat');
  return stat === undefined ? undefined : parseCpuTimes(stat);
}

export async function readOpenFilesMax(): Promise<number | undefined> {
  const limits = await textOf('/proc/self/limits');
  return limits === undefined ? undefined : parseOpenFilesMax(limits);
}

/** Descriptors that this process has open, the one of the look itself aside. */
export async function countOpenFiles(): Promise<number | undefined> {
  try {
    return (await readdir('/proc/self/fd')).length - 1;
  } catch {
    return undefined;
  }
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
