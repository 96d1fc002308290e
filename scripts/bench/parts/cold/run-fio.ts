/** fio: what the disk gives to sixteen threads that read 1 KiB each at random places. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

interface FioOutput {
  readonly jobs: readonly { readonly read: { readonly iops: number } }[];
}

/** @returns reads a second */
export async function runFio(paths: readonly string[], seconds: number): Promise<number> {
  const options = {
    name: 'cold',
    filename: paths.join(':'),
    rw: 'randread',
    bs: '1k',
    ioengine: 'psync',
    numjobs: 16,
    runtime: Math.max(1, Math.round(seconds)),
    'output-format': 'json',
  };
  const given = Object.entries(options).map(([name, value]) => `--${name}=${value}`);
  const flags = ['--time_based', '--thread', '--group_reporting', '--readonly', '--norandommap'];
  const { stdout } = await promisify(execFile)('fio', [...given, ...flags]);
  const { jobs } = JSON.parse(stdout) as FioOutput;
  return jobs[0]?.read.iops ?? Number.NaN;
}
