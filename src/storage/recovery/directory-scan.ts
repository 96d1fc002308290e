/** What lies in the store's directory, sorted by what it is to us. */

import { CaskError } from '../../errors/cask-error.ts';
import type { FileSystem } from '../disk/file-system.ts';
import { isNoSpace, systemErrorCode } from '../disk/file-system.ts';
import {
  hintName,
  parseFileName,
  QUARANTINE,
  segmentName,
  TMP_SUFFIX,
} from '../format/file-names.ts';
import type { Manifest } from '../format/manifest.ts';

export interface DirectoryScan {
  /** Names of all files. */
  readonly names: ReadonlySet<string>;
  /** `*.tmp`, but for those that a listed segment is waiting for. */
  readonly unfinished: readonly string[];
  /** Merged segments and hints that belong to no listed segment. */
  readonly leftovers: readonly string[];
  /** Log segments that are not listed, by id. */
  readonly unlistedLogs: readonly { readonly name: string; readonly id: number }[];
  /** There is a directory with what repair could not read. */
  readonly hasQuarantine: boolean;
  /** What is not ours. */
  readonly foreign: readonly string[];
  /** The highest segment id in any file's name; 0: there is none. */
  readonly highestId: number;
}

/**
 * Makes sure that the directory is there.
 * @returns true when it was created
 * @throws CaskError DIRECTORY_MISSING, NOT_A_STORE, NOT_WRITABLE
 */
export async function ensureDirectory(
  fs: FileSystem,
  directory: string,
  createIfMissing: boolean,
): Promise<boolean> {
  const kind = await fs.kindOf(directory);
  if (kind === 'directory') return false;
  if (kind === 'file') {
    throw new CaskError('NOT_A_STORE', `${directory} is a file, not a directory`);
  }
  if (!createIfMissing) {
    throw new CaskError('DIRECTORY_MISSING', `${directory} does not exist; create it first`);
  }
  try {
    await fs.makeDirectory(directory);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw directoryProblem(error, directory);
    const message = `${directory} cannot be created: its parent directory does not exist`;
    throw new CaskError('DIRECTORY_MISSING', message, { cause: error });
  }
  // Rule 2: the new directory's own entry must survive, too.
  await fs.syncDirectory(parentOf(directory));
  return true;
}

function parentOf(directory: string): string {
  const end = directory.replace(/\/+$/, '').lastIndexOf('/');
  if (end < 0) return '.';
  return end === 0 ? '/' : directory.slice(0, end);
}

/** Says what is wrong with the directory where a system error came of it. */
export function directoryProblem(error: unknown, directory: string): unknown {
  const code = systemErrorCode(error);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    const message = `${directory} is not writable by this user (${code}); mend its permissions`;
    return new CaskError('NOT_WRITABLE', message, { cause: error });
  }
  if (isNoSpace(error)) {
    const message = `the disk of ${directory} is full, so that the store cannot be recovered`;
    return new CaskError('NO_SPACE', `${message}; make some room on it`, { cause: error });
  }
  if (code === 'EMFILE' || code === 'ENFILE') {
    const message = `there are too many open files to open ${directory}; raise the limit`;
    return new CaskError('TOO_MANY_OPEN_FILES', message, { cause: error });
  }
  if (code === 'EIO') {
    const message = `${directory} cannot be read or written (EIO); look at the disk`;
    return new CaskError('IO_ERROR', message, { cause: error });
  }
  return error;
}

/** The files that the listed segments have, or are to have. */
function listedNames(manifest: Manifest | undefined, names: ReadonlySet<string>): Set<string> {
  const listed = new Set<string>();
  for (const { id, kind } of manifest?.segments ?? []) {
    listed.add(segmentName(kind, id)).add(hintName(id));
    // A rewritten segment that was listed before it got its name.
    if (!names.has(segmentName(kind, id))) listed.add(segmentName(kind, id) + TMP_SUFFIX);
  }
  return listed;
}

export async function scanDirectory(
  fs: FileSystem,
  directory: string,
  manifest: Manifest | undefined,
): Promise<DirectoryScan> {
  const entries = await fs.list(directory);
  const names = new Set(entries.filter((entry) => entry.isFile).map((entry) => entry.name));
  const listed = listedNames(manifest, names);
  const scan = {
    names,
    unfinished: [] as string[],
    leftovers: [] as string[],
    unlistedLogs: [] as { name: string; id: number }[],
    hasQuarantine: entries.some(({ name }) => name === QUARANTINE),
    foreign: entries
      .filter((entry) => !entry.isFile && entry.name !== QUARANTINE)
      .map((entry) => entry.name),
    highestId: 0,
  };
  for (const name of names) {
    const parsed = parseFileName(name);
    const unfinished =
      parsed?.kind === 'tmp' ? parseFileName(name.slice(0, -TMP_SUFFIX.length)) : parsed;
    scan.highestId = Math.max(scan.highestId, unfinished?.id ?? 0);
    if (listed.has(name)) continue;
    if (parsed === undefined) scan.foreign.push(name);
    else if (parsed.kind === 'tmp') scan.unfinished.push(name);
    else if (parsed.kind === 'merged' || parsed.kind === 'hint') scan.leftovers.push(name);
    else if (parsed.kind === 'log') scan.unlistedLogs.push({ name, id: parsed.id });
  }
  return scan;
}

/** @throws CaskError NOT_A_STORE when a directory without a manifest is not an empty one */
export function checkNewDirectory(directory: string, scan: DirectoryScan): void {
  const ours = [...scan.names].filter((name) => {
    const kind = parseFileName(name)?.kind;
    return kind === 'log' || kind === 'merged' || kind === 'hint';
  });
  if (ours.length > 0) {
    const message = `${directory} has segments (${ours[0]} ...) and no MANIFEST`;
    throw new CaskError('NOT_A_STORE', `${message}; restore the MANIFEST from a backup`);
  }
  const foreign = scan.foreign.filter((name) => name !== 'lost+found');
  if (foreign.length === 0) return;
  const message = `${directory} is not a store and not empty: it has ${foreign[0]}`;
  throw new CaskError('NOT_A_STORE', `${message}; give an empty directory or a store's own`);
}
