/** What the daemon writes is its user's alone. */

import { stat } from 'node:fs/promises';
import type { Logger } from './logging.ts';

/** What group and others may do. */
const FOREIGN_BITS = 0o077;

/** From here on nothing that this process makes can be read by others, whoever makes it. */
export function keepFilesPrivate(): void {
  process.umask(FOREIGN_BITS);
}

/** A directory that somebody else made may be open to others: its files are not, their names are. */
export async function warnOfSharedDirectory(directory: string, log: Logger): Promise<void> {
  let mode: number;
  try {
    ({ mode } = await stat(directory));
  } catch {
    // opening the store says what is wrong with it
    return;
  }
  if ((mode & FOREIGN_BITS) === 0) return;
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  log.warn({ data: directory, mode: shown }, 'data-directory-shared');
}
