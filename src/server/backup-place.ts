/** Where clients may have backups written. */

import { normalize } from 'node:path';
import { CaskError } from '../errors/cask-error.ts';

/**
 * A client is not to write anywhere on this machine.
 * @throws CaskError UNSUPPORTED, BAD_REQUEST
 */
export function placeForBackup(asked: string | undefined, allowed: string | undefined): string {
  if (allowed === undefined) {
    const message = 'no directory for backups is configured; set backupDirectory';
    throw new CaskError('UNSUPPORTED', message);
  }
  if (asked === undefined) return allowed;
  const isClean = asked.startsWith('/') && normalize(asked) === asked;
  if (isClean && (asked === allowed || asked.startsWith(`${allowed}/`))) return asked;
  const message = `backups go to ${allowed} (backupDirectory) or a directory in it`;
  throw new CaskError('BAD_REQUEST', `${message}; give its absolute path, or none`, {
    details: { field: 'directory' },
  });
}
