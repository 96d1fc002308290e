/** The directory that backups are kept in: which are complete, and how one is removed. */

import { CaskError } from '../../errors/cask-error.ts';
import { type FileSystem, readWholeFile, systemErrorCode } from '../disk/file-system.ts';
import { BACKUP_LIST_BYTES_MAX, type BackupList, decodeBackupList } from '../format/backup-list.ts';
import { isBackupName, isUnfinishedBackupName } from '../format/backup-name.ts';
import { BACKUP, TMP_SUFFIX } from '../format/file-names.ts';

export interface FoundBackup {
  readonly name: string;
  readonly path: string;
  readonly list: BackupList;
}

/**
 * The list of the backup at `path`.
 * @throws CaskError NOT_A_BACKUP, UNSUPPORTED_FORMAT; system errors as they are
 */
export async function readBackupList(fs: FileSystem, path: string): Promise<BackupList> {
  try {
    const file = `${path}/${BACKUP}`;
    return decodeBackupList(await readWholeFile(fs, file, BACKUP_LIST_BYTES_MAX));
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      const message = `${path} is no complete backup: it has no file ${BACKUP}`;
      throw new CaskError('NOT_A_BACKUP', message, { cause: error });
    }
    if (!(error instanceof RangeError)) throw error;
    throw new CaskError('NOT_A_BACKUP', error.message, { cause: error });
  }
}

/** The complete backups in a directory, the oldest first; what cannot be read is left out. */
export async function listBackups(fs: FileSystem, directory: string): Promise<FoundBackup[]> {
  const found: FoundBackup[] = [];
  const entries = await fs.list(directory);
  const names = entries.filter(({ isFile, name }) => !isFile && isBackupName(name));
  for (const { name } of names.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = `${directory}/${name}`;
    try {
      found.push({ name, path, list: await readBackupList(fs, path) });
    } catch (error) {
      if (!(error instanceof CaskError)) throw error;
    }
  }
  return found;
}

/** Removes what backups that did not come to their end have left. */
export async function removeUnfinished(fs: FileSystem, directory: string): Promise<void> {
  for (const { name, isFile } of await fs.list(directory)) {
    if (isFile || !isUnfinishedBackupName(name)) continue;
    await removeFilesAndDirectory(fs, `${directory}/${name}`);
  }
}

/** Removes a complete backup; cut short, it leaves an unfinished one, never half of a complete. */
export async function removeBackup(fs: FileSystem, { path }: FoundBackup): Promise<void> {
  const doomed = path + TMP_SUFFIX;
  await fs.rename(path, doomed);
  await fs.syncDirectory(path.slice(0, path.lastIndexOf('/')));
  await removeFilesAndDirectory(fs, doomed);
}

async function removeFilesAndDirectory(fs: FileSystem, path: string): Promise<void> {
  for (const { name } of await fs.list(path)) await fs.unlink(`${path}/${name}`);
  await fs.removeDirectory(path);
}
