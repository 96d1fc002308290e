/** Holds the files of a backup against its list. */

import { CaskError } from '../../errors/cask-error.ts';
import { readBackupList } from '../backup/backup-directory.ts';
import { digestFile } from '../backup/file-copy.ts';
import { systemErrorCode } from '../disk/file-system.ts';
import type { BackupFile, BackupList } from '../format/backup-list.ts';
import { BACKUP } from '../format/file-names.ts';
import type { Examination } from './offline-directory.ts';

/** @throws CaskError CANCELLED; system errors but ENOENT and EIO */
export async function checkBackup(examination: Examination): Promise<void> {
  const { environment, directory, report } = examination;
  let list: BackupList;
  try {
    list = await readBackupList(environment.fs, directory);
  } catch (error) {
    if (!(error instanceof CaskError)) throw error;
    const finding = { level: 'damage', kind: 'backup-list-damaged', file: BACKUP } as const;
    await report({ ...finding, message: error.message });
    return;
  }
  for (const file of list.files) {
    const problem = await problemOf(examination, file);
    if (problem === undefined) continue;
    const finding = { level: 'damage', kind: 'backup-file-differs', file: file.name } as const;
    await report({ ...finding, message: `it is not as it was backed up: ${problem}` });
  }
}

async function problemOf(
  { environment, directory, signal }: Examination,
  { name, bytes, sha256 }: BackupFile,
): Promise<string | undefined> {
  const path = `${directory}/${name}`;
  const found = await environment.fs.sizeOf(path);
  if (found === undefined) return 'it is missing';
  if (found !== bytes) return `it has ${found} bytes, not ${bytes}`;
  try {
    const digest = await digestFile(environment.fs, path, bytes, () => {
      if (signal?.aborted) throw new CaskError('CANCELLED', 'cancelled');
    });
    return digest === sha256 ? undefined : 'its SHA-256 is another';
  } catch (error) {
    if (systemErrorCode(error) !== 'EIO') throw error;
    return 'the disk fails to read it';
  }
}
