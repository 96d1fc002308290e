/** Writing a file so that a crash leaves either the old one or the whole new one. */

import { join } from 'node:path';
import { CaskError } from '../../errors/cask-error.ts';
import { type FileHandle, type FileSystem, systemErrorCode } from './file-system.ts';

/** Recovery removes what ends in this. */
const TMP_SUFFIX = '.tmp';

/**
 * Writes `directory/name` by way of a temporary file: write, fsync, rename, fsync directory.
 * When this resolves, the new file is durable under its name.
 *
 * @param write fills the empty temporary file; what it leaves dirty is synced afterwards
 */
export async function replaceFile(
  fs: FileSystem,
  directory: string,
  name: string,
  write: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const path = join(directory, name);
  const tmpPath = path + TMP_SUFFIX;
  const file = await createAnew(fs, tmpPath);
  try {
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
    await fs.rename(tmpPath, path);
  } catch (thrown) {
    await fs.unlink(tmpPath).catch(() => {}); // open would remove it; the first error counts
    throw thrown;
  }
  try {
    await fs.syncDirectory(directory);
  } catch (thrown) {
    // Which of the two files a crash leaves is open now: no error of space, whatever its code.
    const cause = thrown instanceof Error ? thrown.message : String(thrown);
    const message = `${name} has its name and that is not durable: ${cause}`;
    throw new CaskError('IO_ERROR', message, { cause: thrown });
  }
}

/** Creates the temporary file; one that a failed attempt left behind is removed first. */
async function createAnew(fs: FileSystem, path: string): Promise<FileHandle> {
  try {
    return await fs.open(path, 'create');
  } catch (thrown) {
    if (systemErrorCode(thrown) !== 'EEXIST') throw thrown;
    await fs.unlink(path);
    return await fs.open(path, 'create');
  }
}
