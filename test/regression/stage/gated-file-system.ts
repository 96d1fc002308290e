/** A file system whose operations pass the gates of a test first. */

import type {
  DirectoryEntry,
  FileHandle,
  FileSystem,
  LockHandle,
  OpenMode,
} from '../../../src/storage/disk/file-system.ts';
import type { Gates } from './gates.ts';

class GatedFile implements FileHandle {
  readonly #inner: FileHandle;
  readonly #path: string;
  readonly #gates: Gates;

  constructor(inner: FileHandle, path: string, gates: Gates) {
    this.#inner = inner;
    this.#path = path;
    this.#gates = gates;
  }

  readSync(buffer: Uint8Array, offset: number, length: number, position: number): number {
    return this.#inner.readSync(buffer, offset, length, position);
  }

  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return this.#gates.pass('read', this.#path, () =>
      this.#inner.read(buffer, offset, length, position),
    );
  }

  writeSync(buffer: Uint8Array, offset: number, length: number, position: number): void {
    this.#gates.passSync('write', this.#path, () =>
      this.#inner.writeSync(buffer, offset, length, position),
    );
  }

  write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<void> {
    return this.#gates.pass('write', this.#path, () =>
      this.#inner.write(buffer, offset, length, position),
    );
  }

  truncate(length: number): Promise<void> {
    return this.#gates.pass('truncate', this.#path, () => this.#inner.truncate(length));
  }

  datasyncSync(): void {
    this.#gates.passSync('datasync', this.#path, () => this.#inner.datasyncSync());
  }

  datasync(): Promise<void> {
    return this.#gates.pass('datasync', this.#path, () => this.#inner.datasync());
  }

  sync(): Promise<void> {
    return this.#gates.pass('sync', this.#path, () => this.#inner.sync());
  }

  size(): Promise<number> {
    return this.#gates.pass('size', this.#path, () => this.#inner.size());
  }

  close(): Promise<void> {
    return this.#gates.pass('close', this.#path, () => this.#inner.close());
  }
}

export class GatedFileSystem implements FileSystem {
  readonly #inner: FileSystem;
  readonly #gates: Gates;

  constructor(inner: FileSystem, gates: Gates) {
    this.#inner = inner;
    this.#gates = gates;
  }

  open(path: string, mode: OpenMode): Promise<FileHandle> {
    return this.#gates.pass('open', path, async () => {
      const file = await this.#inner.open(path, mode);
      return new GatedFile(file, path, this.#gates);
    });
  }

  /** The path of a rename is the one that is given up. */
  rename(from: string, to: string): Promise<void> {
    return this.#gates.pass('rename', from, () => this.#inner.rename(from, to));
  }

  unlink(path: string): Promise<void> {
    return this.#gates.pass('unlink', path, () => this.#inner.unlink(path));
  }

  link(existing: string, path: string): Promise<void> {
    return this.#gates.pass('link', path, () => this.#inner.link(existing, path));
  }

  list(directory: string): Promise<DirectoryEntry[]> {
    return this.#gates.pass('list', directory, () => this.#inner.list(directory));
  }

  sizeOf(path: string): Promise<number | undefined> {
    return this.#gates.pass('sizeOf', path, () => this.#inner.sizeOf(path));
  }

  syncDirectory(directory: string): Promise<void> {
    return this.#gates.pass('sync', directory, () => this.#inner.syncDirectory(directory));
  }

  makeDirectory(path: string): Promise<void> {
    return this.#gates.pass('makeDirectory', path, () => this.#inner.makeDirectory(path));
  }

  removeDirectory(path: string): Promise<void> {
    return this.#gates.pass('removeDirectory', path, () => this.#inner.removeDirectory(path));
  }

  kindOf(path: string): Promise<'directory' | 'file' | 'missing'> {
    return this.#gates.pass('kindOf', path, () => this.#inner.kindOf(path));
  }

  freeBytes(path: string): Promise<number> {
    return this.#gates.pass('freeBytes', path, () => this.#inner.freeBytes(path));
  }

  lock(path: string): Promise<LockHandle> {
    return this.#gates.pass('lock', path, () => this.#inner.lock(path));
  }
}
