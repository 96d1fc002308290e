/** `cp` of as many bytes of a store's segments, made durable: what copying costs at least. */

import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { secondsOf } from '../../load/timed.ts';

const run = promisify(execFile);

/** @returns how long so many bytes take */
export async function copySeconds(directory: string, bytes: number): Promise<number> {
  const target = join(directory, '..', 'copied');
  await mkdir(target);
  const paths: string[] = [];
  let chosenBytes = 0;
  for (const name of (await readdir(directory)).sort()) {
    if (!name.endsWith('.log') || chosenBytes >= bytes) continue;
    paths.push(join(directory, name));
    chosenBytes += (await stat(join(directory, name))).size;
  }
  const seconds = await secondsOf(async () => {
    await run('cp', [...paths, target]);
    await run('sync', ['-f', target]);
  });
  await rm(target, { recursive: true });
  return (seconds * bytes) / chosenBytes;
}
