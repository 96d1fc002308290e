/** Which backup a restore takes, and its files. */

import { CaskError } from '../../errors/cask-error.ts';
import { type FoundBackup, listBackups, readBackupList } from '../backup/backup-directory.ts';
import { type FileSystem, readWholeFile } from '../disk/file-system.ts';
import type { BackupFile, BackupList } from '../format/backup-list.ts';
import { BACKUP, MANIFEST } from '../format/file-names.ts';
import { decodeManifest, type Manifest } from '../format/manifest.ts';
import { sha256Hex } from '../format/sha256.ts';

/** What is to be restored; neither: the newest state there is. */
export interface RestorePoint {
  readonly toRevision?: number | undefined;
  /** Ms since 1970. */
  readonly toTime?: number | undefined;
}

export interface BackupSource {
  readonly path: string;
  readonly list: BackupList;
  readonly files: ReadonlyMap<string, BackupFile>;
  readonly manifest: Manifest;
}

/**
 * The backup at `path`; or, where that is the directory that backups are kept in, the newest
 * one, and for a point in time the first that reaches it: it has the most of what was before.
 * @throws CaskError NOT_A_BACKUP, CORRUPT, UNSUPPORTED_FORMAT; system errors as they are
 */
export async function findSource(
  fs: FileSystem,
  path: string,
  point: RestorePoint,
): Promise<BackupSource> {
  const chosen = await choose(fs, path, point);
  const { list } = chosen;
  const files = new Map(list.files.map((file) => [file.name, file]));
  const manifest = await readManifest(fs, chosen.path, files.get(MANIFEST));
  if (Buffer.from(manifest.uuid).toString('hex') !== list.uuid) {
    throw new CaskError('NOT_A_BACKUP', `${chosen.path} has the MANIFEST of another store`);
  }
  return { path: chosen.path, list, files, manifest };
}

async function choose(
  fs: FileSystem,
  path: string,
  point: RestorePoint,
): Promise<Pick<FoundBackup, 'path' | 'list'>> {
  if ((await fs.kindOf(path)) !== 'directory') {
    throw new CaskError('NOT_A_BACKUP', `${path} is no directory`);
  }
  if ((await fs.sizeOf(`${path}/${BACKUP}`)) !== undefined) {
    return { path, list: await readBackupList(fs, path) };
  }
  const all = await listBackups(fs, path);
  const newest = all.at(-1);
  if (newest === undefined) {
    const message = `${path} is no complete backup (it has no file ${BACKUP}), and holds none`;
    throw new CaskError('NOT_A_BACKUP', message);
  }
  if (all.some(({ list }) => list.uuid !== newest.list.uuid)) {
    const message = `${path} holds backups of several stores; give the path of one of them`;
    throw new CaskError('NOT_A_BACKUP', message);
  }
  return all.find(({ list }) => reaches(list, point)) ?? newest;
}

/** True when the point is not behind the end of the backup, and there is a point. */
function reaches({ revision, time }: BackupList, { toRevision, toTime }: RestorePoint): boolean {
  if (toRevision !== undefined) return toRevision <= revision;
  return toTime !== undefined && toTime <= time;
}

async function readManifest(
  fs: FileSystem,
  path: string,
  listed: BackupFile | undefined,
): Promise<Manifest> {
  if (listed === undefined) {
    throw new CaskError('NOT_A_BACKUP', `the list of ${path} has no ${MANIFEST}`);
  }
  const bytes = await readWholeFile(fs, `${path}/${MANIFEST}`, listed.bytes);
  if (sha256Hex(bytes) !== listed.sha256) {
    throw new CaskError('CORRUPT', `${path}/${MANIFEST} is not as it was backed up`);
  }
  return decodeManifest(bytes);
}
