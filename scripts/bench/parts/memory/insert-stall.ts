/** The longest that a single insert into the keydir takes while it grows, in a process of its own. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const GROWER = fileURLToPath(new URL('./grow-keydir.ts', import.meta.url));

/** @returns milliseconds */
export async function measureInsertStall(keys: number): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, [GROWER, String(keys)]);
  return Number(stdout);
}
