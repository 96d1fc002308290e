/**
 * The seam: every access of the engine to files goes through `FileSystem`.
 *
 * Errors are Node's system errors (`code` is 'ENOENT', 'ENOSPC', 'EIO', ...). Synchronous
 * variants exist for what the event-loop rule allows on the loop (`latency-gate.ts`). A buffer
 * given to an asynchronous operation is not to be touched until its promise settles.
 */

import { CaskError } from '../../errors/cask-error.ts';
import type { ErrorCode } from '../../errors/error-codes.ts';

export type OpenMode =
  /** Existing file, reading only. */
  | 'read'
  /** Existing file, reading and writing. */
  | 'write'
  /** New file, reading and writing; EEXIST when the name is taken. */
  | 'create';

/** Told how a read ended; `count` is of bytes, and 0 with an error. */
export type ReadDone = (error: Error | null, count: number) => void;

/** An open file. Positions are always explicit; there is no cursor. */
export interface FileHandle {
  /** Reads up to `length` bytes at `position` into `buffer` at `offset`; fewer only at the end of the file. */
  readSync(buffer: Uint8Array, offset: number, length: number, position: number): number;
  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number>;
  /** `read` without a promise, where a file has that: see `readThen`. */
  readThen?(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
    done: ReadDone,
  ): void;
  /** Writes all `length` bytes, looping on short writes; throws having written any part of them. */
  writeSync(buffer: Uint8Array, offset: number, length: number, position: number): void;
  write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<void>;
  /** Sets the file's length; growth reads as zeros. */
  truncate(length: number): Promise<void>;
  /** Makes the file's bytes and length durable. */
  datasyncSync(): void;
  datasync(): Promise<void>;
  /** Makes bytes and all metadata of the file durable; its directory entry is another matter. */
  sync(): Promise<void>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/**
 * Reads as `FileHandle.read` does, without a promise where the file can: for reads of which there
 * are many. May throw instead of telling.
 */
export function readThen(
  file: FileHandle,
  buffer: Uint8Array,
  offset: number,
  length: number,
  position: number,
  done: ReadDone,
): void {
  if (file.readThen !== undefined) {
    file.readThen(buffer, offset, length, position, done);
    return;
  }
  file.read(buffer, offset, length, position).then(
    (count) => done(null, count),
    (error: Error) => done(error, 0),
  );
}

/** A held lock; released by `release` or by the end of the process, however it ends. */
export interface LockHandle {
  release(): Promise<void>;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly isFile: boolean;
}

export interface FileSystem {
  open(path: string, mode: OpenMode): Promise<FileHandle>;
  /** Of a file, or of a directory. */
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Gives a file a second name, on the same file system. */
  link(existing: string, path: string): Promise<void>;
  list(directory: string): Promise<DirectoryEntry[]>;
  /** The file's length in bytes; undefined when there is no such file. */
  sizeOf(path: string): Promise<number | undefined>;
  /** Makes creations, renames and removals in the directory durable. */
  syncDirectory(directory: string): Promise<void>;
  /** Creates one directory (mode 0700); its parent must exist. */
  makeDirectory(path: string): Promise<void>;
  /** Removes an empty directory. */
  removeDirectory(path: string): Promise<void>;
  /** What the path is. */
  kindOf(path: string): Promise<'directory' | 'file' | 'missing'>;
  /** Bytes that this process may still allocate on the file system of `path`. */
  freeBytes(path: string): Promise<number>;
  /**
   * Takes the kernel lock on the file, creating it if need be.
   * @throws CaskError LOCKED when another process (or handle) holds it; LOCK_UNAVAILABLE when
   * the system cannot lock.
   */
  lock(path: string): Promise<LockHandle>;
}

/** Reads a whole file of at most `bytesMax` bytes. */
export async function readWholeFile(
  fs: FileSystem,
  path: string,
  bytesMax = Number.MAX_SAFE_INTEGER,
): Promise<Uint8Array> {
  const file = await fs.open(path, 'read');
  try {
    const bytes = await file.size();
    if (bytes > bytesMax) throw new RangeError(`${path} has ${bytes} bytes, more than ${bytesMax}`);
    const buffer = Buffer.allocUnsafeSlow(bytes);
    let done = 0;
    while (done < bytes) {
      const count = await file.read(buffer, done, bytes - done, done);
      if (count === 0) break;
      done += count;
    }
    return buffer.subarray(0, done);
  } finally {
    await file.close();
  }
}

/** The `code` of a system error ('ENOENT', ...); undefined for anything else. */
export function systemErrorCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}

/** True for errors that pass when space or descriptors come back: what was asked did not happen. */
export function isShortage(thrown: unknown): boolean {
  const code = systemErrorCode(thrown);
  return isNoSpace(thrown) || code === 'EMFILE' || code === 'ENFILE';
}

/** What went wrong with a file, as a typed error; what is no system error becomes INTERNAL. */
export function toFileError(thrown: unknown, what: string): CaskError {
  if (thrown instanceof CaskError) return thrown;
  const message = `${what}: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  return new CaskError(codeOf(thrown), message, { cause: thrown });
}

function codeOf(thrown: unknown): ErrorCode {
  if (isNoSpace(thrown)) return 'NO_SPACE';
  if (isShortage(thrown)) return 'TOO_MANY_OPEN_FILES';
  return systemErrorCode(thrown) === undefined ? 'INTERNAL' : 'IO_ERROR';
}

/** True for the errors that mean: the disk (or the quota) is full. */
export function isNoSpace(thrown: unknown): boolean {
  const code = systemErrorCode(thrown);
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
}
