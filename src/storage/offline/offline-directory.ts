/** A store's directory under examination: nobody else may have it open meanwhile. */

import { CaskError } from '../../errors/cask-error.ts';
import type { Environment } from '../disk/environment.ts';
import { type LockHandle, systemErrorCode } from '../disk/file-system.ts';
import { LOCK, MANIFEST, parseFileName } from '../format/file-names.ts';
import { directoryProblem } from '../recovery/directory-scan.ts';
import type { FindingSink } from './finding.ts';

/** Where damaged files are moved: a directory within the store's. */
export { QUARANTINE } from '../format/file-names.ts';

/** What every part of an examination works with. */
export interface Examination {
  readonly environment: Environment;
  readonly directory: string;
  readonly report: FindingSink;
  readonly signal?: AbortSignal | undefined;
  /** Is told of bytes that have been read. */
  readonly onProgress?: ((bytesDone: number, bytesTotal: number) => void) | undefined;
}

/**
 * Runs `work` while the store's lock is held. A directory on a read-only file system cannot be
 * locked, and need not be: nobody writes to it.
 *
 * @throws CaskError DIRECTORY_MISSING, NOT_A_STORE, NOT_WRITABLE, LOCKED, LOCK_UNAVAILABLE
 */
export async function withLock<T>(
  examination: Pick<Examination, 'environment' | 'directory'>,
  work: () => Promise<T>,
): Promise<T> {
  const { environment, directory } = examination;
  await checkIsStore(environment, directory);
  let lock: LockHandle | undefined;
  try {
    lock = await environment.fs.lock(`${directory}/${LOCK}`);
  } catch (error) {
    if (systemErrorCode(error) !== 'EROFS') throw directoryProblem(error, directory);
  }
  try {
    return await work();
  } finally {
    await lock?.release();
  }
}

/**
 * So that no LOCK is put, and no store made, where there is none.
 * @throws CaskError DIRECTORY_MISSING, NOT_A_STORE, NOT_WRITABLE
 */
export async function checkIsStore(environment: Environment, directory: string): Promise<void> {
  const { fs } = environment;
  const kind = await fs.kindOf(directory);
  if (kind === 'missing') {
    throw new CaskError('DIRECTORY_MISSING', `${directory} does not exist`);
  }
  if (kind === 'file') {
    throw new CaskError('NOT_A_STORE', `${directory} is a file; give the store's directory`);
  }
  let names: string[];
  try {
    names = (await fs.list(directory)).map((entry) => entry.name);
  } catch (error) {
    throw directoryProblem(error, directory);
  }
  if (names.includes(MANIFEST) || names.some(isSegmentName)) return;
  throw new CaskError('NOT_A_STORE', `${directory} has neither a MANIFEST nor a segment`);
}

export function isSegmentName(name: string): boolean {
  const kind = parseFileName(name)?.kind;
  return kind === 'log' || kind === 'merged';
}
