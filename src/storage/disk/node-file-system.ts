/** The seam on `node:fs`: descriptors and explicit positions, callbacks turned into promises. */

import * as nodeFs from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type {
  DirectoryEntry,
  FileHandle,
  FileSystem,
  LockHandle,
  OpenMode,
  ReadDone,
} from './file-system.ts';
import { systemErrorCode } from './file-system.ts';
import { lockFile } from './node-lock.ts';

const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;
const FLAGS: Readonly<Record<OpenMode, string>> = { read: 'r', write: 'r+', create: 'wx+' };

const openFd = promisify(nodeFs.open);
const closeFd = promisify(nodeFs.close);
const fsyncFd = promisify(nodeFs.fsync);
const fdatasyncFd = promisify(nodeFs.fdatasync);
const truncateFd = promisify(nodeFs.ftruncate);
const statFd = promisify(nodeFs.fstat);
const renamePath = promisify(nodeFs.rename);
const unlinkPath = promisify(nodeFs.unlink);
const linkPath = promisify(nodeFs.link);
const makePath = promisify(nodeFs.mkdir);
const removePath = promisify(nodeFs.rmdir);
const statPath = promisify(nodeFs.stat);
const statfsPath = promisify(nodeFs.statfs);
const listPath = promisify(nodeFs.readdir) as (
  path: string,
  options: { withFileTypes: true },
) => Promise<nodeFs.Dirent[]>;

/** What fs.read and fs.write have in common but for the name. */
type Transfer = (
  fd: number,
  buffer: Uint8Array,
  offset: number,
  length: number,
  position: number,
  callback: (error: NodeJS.ErrnoException | null, count: number) => void,
) => void;

/** A write that wrote nothing and said nothing: never looped on. */
function noProgress(length: number): Error {
  const error = new Error(`EIO: a write of ${length} bytes wrote none`);
  return Object.assign(error, { code: 'EIO', syscall: 'write' });
}

class NodeFile implements FileHandle {
  readonly #fd: number;
  #closing: Promise<void> | undefined;
  #inFlight = 0;
  #idle: (() => void) | undefined;

  constructor(fd: number) {
    this.#fd = fd;
  }

  readSync(buffer: Uint8Array, offset: number, length: number, position: number): number {
    const fd = this.#open();
    let done = 0;
    while (done < length) {
      const count = nodeFs.readSync(fd, buffer, offset + done, length - done, position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return this.#transfer(nodeFs.read, buffer, offset, length, position);
  }

  readThen(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
    done: ReadDone,
  ): void {
    this.#transferThen(nodeFs.read, buffer, offset, length, position, done);
  }

  writeSync(buffer: Uint8Array, offset: number, length: number, position: number): void {
    const fd = this.#open();
    let done = 0;
    while (done < length) {
      const count = nodeFs.writeSync(fd, buffer, offset + done, length - done, position + done);
      if (count === 0) throw noProgress(length);
      done += count;
    }
  }

  async write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<void> {
    const done = await this.#transfer(nodeFs.write, buffer, offset, length, position);
    if (done < length) throw noProgress(length);
  }

  truncate(length: number): Promise<void> {
    return this.#run((fd) => truncateFd(fd, length));
  }

  datasyncSync(): void {
    nodeFs.fdatasyncSync(this.#open());
  }

  datasync(): Promise<void> {
    return this.#run(fdatasyncFd);
  }

  sync(): Promise<void> {
    return this.#run(fsyncFd);
  }

  async size(): Promise<number> {
    const stats = await this.#run((fd) => statFd(fd));
    return stats.size;
  }

  /** Waits for operations in flight: the number of a closed descriptor may be another file's soon. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    await closeFd(this.#fd);
  }

  #open(): number {
    if (this.#closing === undefined) return this.#fd;
    throw Object.assign(new Error('EBADF: the file is closed'), { code: 'EBADF' });
  }

  async #run<T>(operation: (fd: number) => Promise<T>): Promise<T> {
    const fd = this.#open();
    this.#inFlight += 1;
    try {
      return await operation(fd);
    } finally {
      this.#ended();
    }
  }

  /** Calls until all bytes are through, none went, or an error; resolves to how many went. */
  #transfer(
    call: Transfer,
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#transferThen(call, buffer, offset, length, position, (error, count) => {
        if (error === null) resolve(count);
        else reject(error);
      });
    });
  }

  #transferThen(
    call: Transfer,
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
    done: ReadDone,
  ): void {
    const fd = this.#open();
    if (length === 0) {
      done(null, 0);
      return;
    }
    let gone = 0;
    const next = () => {
      call(fd, buffer, offset + gone, length - gone, position + gone, (error, count) => {
        if (error === null) {
          gone += count;
          if (count > 0 && gone < length) return next();
        }
        this.#ended();
        done(error, error === null ? gone : 0);
      });
    };
    next();
    this.#inFlight += 1; // not when the arguments were refused, by a throw
  }

  #ended(): void {
    this.#inFlight -= 1;
    if (this.#inFlight === 0) this.#idle?.();
  }
}

/** The stats of a path; undefined when there is nothing. */
async function statOf(path: string): Promise<nodeFs.Stats | undefined> {
  try {
    return await statPath(path);
  } catch (thrown) {
    const code = systemErrorCode(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw thrown;
  }
}

export class NodeFileSystem implements FileSystem {
  /** Descriptors of directories whose locks are held. */
  readonly #directories = new Map<string, number>();

  async open(path: string, mode: OpenMode): Promise<FileHandle> {
    return new NodeFile(await openFd(path, FLAGS[mode], FILE_MODE));
  }

  rename(from: string, to: string): Promise<void> {
    return renamePath(from, to);
  }

  unlink(path: string): Promise<void> {
    return unlinkPath(path);
  }

  link(existing: string, path: string): Promise<void> {
    return linkPath(existing, path);
  }

  async list(directory: string): Promise<DirectoryEntry[]> {
    const entries = await listPath(directory, { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, isFile: entry.isFile() }));
  }

  async sizeOf(path: string): Promise<number | undefined> {
    return (await statOf(path))?.size;
  }

  async syncDirectory(directory: string): Promise<void> {
    const held = this.#directories.get(directory);
    if (held !== undefined) {
      await fsyncFd(held);
      return;
    }
    const fd = await openFd(directory, 'r');
    try {
      await fsyncFd(fd);
    } finally {
      await closeFd(fd);
    }
  }

  async makeDirectory(path: string): Promise<void> {
    await makePath(path, DIRECTORY_MODE);
  }

  removeDirectory(path: string): Promise<void> {
    return removePath(path);
  }

  async kindOf(path: string): Promise<'directory' | 'file' | 'missing'> {
    const stats = await statOf(path);
    if (stats === undefined) return 'missing';
    return stats.isDirectory() ? 'directory' : 'file';
  }

  async freeBytes(path: string): Promise<number> {
    const stats = await statfsPath(path);
    return stats.bavail * stats.bsize;
  }

  /** While the lock is held, so is a descriptor of its directory: a sync of it needs no other. */
  async lock(path: string): Promise<LockHandle> {
    const lock = await lockFile(path);
    const directory = dirname(path);
    try {
      this.#directories.set(directory, await openFd(directory, 'r'));
    } catch (thrown) {
      await lock.release();
      throw thrown;
    }
    return {
      release: async () => {
        const fd = this.#directories.get(directory);
        this.#directories.delete(directory);
        if (fd !== undefined) await closeFd(fd);
        await lock.release();
      },
    };
  }
}
