/** What the system tells of a process that a script started: proc(5). */

import { readdir, readFile, writeFile } from 'node:fs/promises';

/** Memory that is resident now, shared memory included. */
export function residentBytesOf(pid: number): Promise<number> {
  return statusBytesOf(pid, 'VmRSS');
}

/** The most that was resident since the start, or since `forgetPeak`. */
export function peakResidentBytesOf(pid: number): Promise<number> {
  return statusBytesOf(pid, 'VmHWM');
}

/** What of it are pages of files, its program above all. */
export function fileBytesOf(pid: number): Promise<number> {
  return statusBytesOf(pid, 'RssFile');
}

async function statusBytesOf(pid: number, name: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [, kib] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status) ?? [];
  return Number(kib) * 1024;
}

export async function forgetPeak(pid: number): Promise<void> {
  await writeFile(`/proc/${pid}/clear_refs`, '5');
}

/** How many descriptors it has open. */
export async function descriptorsOf(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

/** Processor time that a process has used so far, user and system, all threads. */
export async function cpuMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // proc(5): fields 14 and 15, in ticks of 10 ms; the name in field 2 may hold spaces
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

export interface DiskBytes {
  readonly read: number;
  readonly written: number;
}

/** What it has had read from disks and sent to them so far; what the page cache served is not in it. */
export async function diskBytesOf(pid: number): Promise<DiskBytes> {
  const io = await readFile(`/proc/${pid}/io`, 'utf8');
  const of = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(io)?.[1]);
  return { read: of('read_bytes'), written: of('write_bytes') };
}
