/**
 * Real files behind a gate: each operation asks the gate first, which may throw (a fault), wait,
 * or never answer (the process has been killed). Syncs may be left out: what a killed process
 * wrote is in the page cache either way.
 */

import { CaskError } from '../../../src/errors/cask-error.ts';
import type {
  DirectoryEntry,
  FileHandle,
  FileSystem,
  LockHandle,
  OpenMode,
} from '../../../src/storage/disk/file-system.ts';
import { NodeFileSystem } from '../../../src/storage/disk/node-file-system.ts';
import type { Operation, OperationKind } from './operation.ts';

/** How much of a write goes to the file before the gate's error is thrown; 1: all of it. */
export interface Verdict {
  readonly error: Error;
  readonly writtenShare: number;
}

export interface Gate {
  /** Called before each operation; throws a `Verdict`'s error or lets it through. */
  enterSync(operation: Operation): Verdict | undefined;
  /** The same for asynchronous ones. */
  enter(operation: Operation): Promise<Verdict | undefined>;
  /** Called when an asynchronous operation is over; may never answer. */
  leave(): Promise<void>;
}

/** Locks of stores that test worlds hold: the kernel's cost a child process each. */
const locked = new Set<string>();

export class TestFileSystem implements FileSystem {
  readonly #real = new NodeFileSystem();
  readonly #gate: Gate;
  readonly #withSyncs: boolean;
  readonly #files = new Set<TestFile>();
  readonly #locks = new Set<string>();

  constructor(gate: Gate, withSyncs: boolean) {
    this.#gate = gate;
    this.#withSyncs = withSyncs;
  }

  get openCount(): number {
    return this.#files.size;
  }

  /** What the kernel does when a process ends: descriptors are closed, locks are released. */
  async releaseAll(): Promise<void> {
    for (const file of this.#files) await file.inner.close();
    this.#files.clear();
    for (const path of this.#locks) locked.delete(path);
    this.#locks.clear();
  }

  open(path: string, mode: OpenMode): Promise<FileHandle> {
    return this.run('open', path, { mode }, async () => {
      const inner = await this.#real.open(path, mode);
      const file = new TestFile(this, this.#gate, inner, path, this.#withSyncs);
      this.#files.add(file);
      return file;
    });
  }

  closed(file: TestFile): void {
    this.#files.delete(file);
  }

  rename(from: string, to: string): Promise<void> {
    return this.run('rename', to, {}, () => this.#real.rename(from, to));
  }

  unlink(path: string): Promise<void> {
    return this.run('unlink', path, {}, () => this.#real.unlink(path));
  }

  link(existing: string, path: string): Promise<void> {
    return this.run('link', path, {}, () => this.#real.link(existing, path));
  }

  list(directory: string): Promise<DirectoryEntry[]> {
    return this.run('list', directory, {}, () => this.#real.list(directory));
  }

  sizeOf(path: string): Promise<number | undefined> {
    return this.run('sizeOf', path, {}, () => this.#real.sizeOf(path));
  }

  syncDirectory(directory: string): Promise<void> {
    return this.run('syncDirectory', directory, {}, async () => {
      if (this.#withSyncs) await this.#real.syncDirectory(directory);
    });
  }

  makeDirectory(path: string): Promise<void> {
    return this.run('makeDirectory', path, {}, () => this.#real.makeDirectory(path));
  }

  removeDirectory(path: string): Promise<void> {
    return this.run('removeDirectory', path, {}, () => this.#real.removeDirectory(path));
  }

  kindOf(path: string): Promise<'directory' | 'file' | 'missing'> {
    return this.run('kindOf', path, {}, () => this.#real.kindOf(path));
  }

  freeBytes(path: string): Promise<number> {
    return this.run('freeBytes', path, {}, () => this.#real.freeBytes(path));
  }

  lock(path: string): Promise<LockHandle> {
    return this.run('lock', path, {}, async () => {
      if (locked.has(path)) throw new CaskError('LOCKED', `${path} is held by another world`);
      locked.add(path);
      this.#locks.add(path);
      return {
        release: async () => {
          this.#locks.delete(path);
          locked.delete(path);
        },
      };
    });
  }

  async run<T>(
    kind: OperationKind,
    path: string,
    facts: { readonly mode?: OpenMode; readonly bytes?: number },
    work: (writtenShare: number) => Promise<T>,
  ): Promise<T> {
    const { mode, bytes = 0 } = facts;
    const verdict = await this.#gate.enter({ kind, path, mode, isSync: false, bytes });
    try {
      if (verdict === undefined) return await work(1);
      if (verdict.writtenShare > 0) await work(verdict.writtenShare);
      throw verdict.error;
    } finally {
      await this.#gate.leave();
    }
  }
}

class TestFile implements FileHandle {
  readonly inner: FileHandle;
  readonly #fs: TestFileSystem;
  readonly #gate: Gate;
  readonly #path: string;
  readonly #withSyncs: boolean;

  constructor(fs: TestFileSystem, gate: Gate, inner: FileHandle, path: string, withSyncs: boolean) {
    this.inner = inner;
    this.#fs = fs;
    this.#gate = gate;
    this.#path = path;
    this.#withSyncs = withSyncs;
  }

  readSync(buffer: Uint8Array, offset: number, length: number, position: number): number {
    this.#enterSync('read', length);
    return this.inner.readSync(buffer, offset, length, position);
  }

  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    const work = () => this.inner.read(buffer, offset, length, position);
    return this.#fs.run('read', this.#path, { bytes: length }, work);
  }

  writeSync(buffer: Uint8Array, offset: number, length: number, position: number): void {
    const verdict = this.#verdict('write', length);
    const bytes = Math.floor(length * (verdict?.writtenShare ?? 1));
    if (bytes > 0) this.inner.writeSync(buffer, offset, bytes, position);
    if (verdict !== undefined) throw verdict.error;
  }

  write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<void> {
    return this.#fs.run('write', this.#path, { bytes: length }, (writtenShare) => {
      return this.inner.write(buffer, offset, Math.floor(length * writtenShare), position);
    });
  }

  truncate(length: number): Promise<void> {
    return this.#fs.run('truncate', this.#path, {}, () => this.inner.truncate(length));
  }

  datasyncSync(): void {
    this.#enterSync('datasync', 0);
    if (this.#withSyncs) this.inner.datasyncSync();
  }

  datasync(): Promise<void> {
    return this.#fs.run('datasync', this.#path, {}, async () => {
      if (this.#withSyncs) await this.inner.datasync();
    });
  }

  sync(): Promise<void> {
    return this.#fs.run('sync', this.#path, {}, async () => {
      if (this.#withSyncs) await this.inner.sync();
    });
  }

  size(): Promise<number> {
    return this.#fs.run('size', this.#path, {}, () => this.inner.size());
  }

  close(): Promise<void> {
    return this.#fs.run('close', this.#path, {}, async () => {
      await this.inner.close();
      this.#fs.closed(this);
    });
  }

  #verdict(kind: OperationKind, bytes: number): Verdict | undefined {
    return this.#gate.enterSync({ kind, path: this.#path, mode: undefined, isSync: true, bytes });
  }

  #enterSync(kind: OperationKind, bytes: number): void {
    const verdict = this.#verdict(kind, bytes);
    if (verdict !== undefined) throw verdict.error;
  }
}
