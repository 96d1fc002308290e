/**
 * The names of backups within the directory that they are kept in.
 *
 * ```
 *  backup-20261121T152700.123Z-r4711       complete: the state at revision 4711
 *  backup-20261121T152700.123Z-r4711.tmp   unfinished, or about to be removed
 * ```
 *
 * Names sort by the time at which the backup was begun.
 */

import { TMP_SUFFIX } from './file-names.ts';

const NAME = /^backup-\d{8}T\d{6}\.\d{3}Z-r\d{1,16}$/;

export function backupName(startedAt: number, revision: number): string {
  const time = new Date(startedAt).toISOString().replaceAll(/[-:]/g, '');
  return `backup-${time}-r${revision}`;
}

export function isBackupName(name: string): boolean {
  return NAME.test(name);
}

/** True for what a backup that did not come to its end has left. */
export function isUnfinishedBackupName(name: string): boolean {
  return name.endsWith(TMP_SUFFIX) && isBackupName(name.slice(0, -TMP_SUFFIX.length));
}
