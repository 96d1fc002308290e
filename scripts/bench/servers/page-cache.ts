/** Dropping what the kernel keeps of files, where that is allowed. */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';

/** @returns false: only root may */
export function dropPageCache(): boolean {
  try {
    execFileSync('sync');
    writeFileSync('/proc/sys/vm/drop_caches', '3');
    return true;
  } catch {
    return false;
  }
}
