/**
 * The engine's `FileSystem` over a simulated disk. An asynchronous operation takes effect, and
 * settles, when its virtual time is over; so those that are pending together settle in an order
 * that the latencies choose. Every operation is numbered; observers see those that change the disk.
 */

import { basename, dirname } from 'node:path';
import { CaskError } from '../../src/errors/cask-error.ts';
import type {
  DirectoryEntry,
  FileHandle,
  FileSystem,
  LockHandle,
  OpenMode,
} from '../../src/storage/disk/file-system.ts';
import type { EventLoop } from './event-loop.ts';
import { type FaultKind, type FaultPlan, faultError, systemError } from './fault-plan.ts';
import type { Latency } from './latency.ts';
import { type OperationKind, type Phase, phaseOf } from './phase.ts';
import type { SimulatedDisk, SimulatedInode } from './simulated-disk.ts';

/** An operation that has changed the disk. */
export interface DiskChange {
  /** Counts all operations of this world, reads included. */
  readonly operation: number;
  readonly kind: OperationKind;
  readonly path: string;
  readonly phase: Phase;
}

export interface DiskObserver {
  /** An operation that changes the disk begins to take effect. */
  readonly beforeChange: () => void;
  /** The disk is as the change left it; whoever waits for it does not know yet. */
  readonly onChange: (change: DiskChange) => void;
  readonly onOperation: (operation: number, kind: OperationKind, path: string) => void;
}

export interface FileSystemParts {
  readonly disk: SimulatedDisk;
  readonly loop: EventLoop;
  readonly latency: Latency;
  readonly observer: DiskObserver;
  readonly isOpening: () => boolean;
  readonly faults: FaultPlan | undefined;
  /** Bytes that fit on the disk. */
  readonly capacityBytes: () => number;
}

/** Whatever an operation does to the disk; `fault` is one that it has to act out itself. */
type Effect<T> = (fault: FaultKind | undefined) => T;

interface Target {
  readonly kind: OperationKind;
  readonly path: string;
  readonly offset?: number;
  readonly bytes?: number;
  readonly fileBytes?: number;
}

const CHANGING: ReadonlySet<OperationKind> = new Set([
  'create',
  'write',
  'truncate',
  'sync',
  'rename',
  'unlink',
  'link',
  'syncDirectory',
  'makeDirectory',
  'removeDirectory',
]);

export class SimulatedFileSystem implements FileSystem {
  readonly #parts: FileSystemParts;
  readonly #locked = new Set<string>();
  readonly #merged = new Set<number>();
  /** Handles that are open, with what they are of. */
  readonly openHandles = new Set<SimulatedFile>();
  #operations = 0;
  /** The file whose entry was changed last: what a directory is synced for. */
  #lastEntryPath = '';

  constructor(parts: FileSystemParts) {
    this.#parts = parts;
  }

  get operations(): number {
    return this.#operations;
  }

  get disk(): SimulatedDisk {
    return this.#parts.disk;
  }

  get loop(): EventLoop {
    return this.#parts.loop;
  }

  /** An operation that takes effect after its latency. */
  later<T>(target: Target, effect: Effect<T>): Promise<T> {
    const { loop, latency } = this.#parts;
    const ms = latency.ofAsync(target.kind, target.bytes ?? 0);
    return new Promise((resolve, reject) => {
      loop.after(ms, () => {
        try {
          resolve(this.#perform(target, effect));
        } catch (thrown) {
          reject(thrown);
        }
      });
    });
  }

  /** An operation that holds up the thread. */
  now<T>(target: Target, effect: Effect<T>): T {
    const { loop, latency } = this.#parts;
    loop.spend(latency.ofSync(target.kind, target.bytes ?? 0));
    return this.#perform(target, effect);
  }

  #perform<T>(target: Target, effect: Effect<T>): T {
    this.#operations += 1;
    const operation = this.#operations;
    const { kind, path } = target;
    const { observer, faults } = this.#parts;
    observer.onOperation(operation, kind, path);
    if (CHANGING.has(kind)) observer.beforeChange();
    const fault = faults?.strike(operation, kind);
    const error = fault === undefined ? undefined : faultError(fault, `${kind} of ${path}`);
    const actsItOut = fault === 'short-write' || fault === 'failed-sync';
    if (error !== undefined && !actsItOut) throw error;
    try {
      const result = effect(fault);
      if (error !== undefined) throw error;
      return result;
    } finally {
      if (CHANGING.has(kind)) this.#changed(operation, target);
    }
  }

  #changed(operation: number, target: Target): void {
    const { kind, path } = target;
    const merged = /seg-(\d+)\.merged$/.exec(path);
    if (merged !== null) this.#merged.add(Number(merged[1]));
    if (kind === 'syncDirectory') {
      this.#note(operation, kind, this.#lastEntryPath, target);
      return;
    }
    if (kind !== 'write' && kind !== 'sync' && kind !== 'truncate') this.#lastEntryPath = path;
    this.#note(operation, kind, path, target);
  }

  #note(operation: number, kind: OperationKind, path: string, target: Target): void {
    const phase = phaseOf({
      kind,
      path,
      offset: target.offset ?? 0,
      fileBytes: target.fileBytes ?? 0,
      isOpening: this.#parts.isOpening(),
      isMergedSegment: (id) => this.#merged.has(id),
    });
    this.#parts.observer.onChange({ operation, kind, path, phase });
  }

  /** @throws ENOSPC when so many more bytes do not fit */
  checkSpace(grownBytes: number, path: string): void {
    if (grownBytes <= 0) return;
    const free = this.#parts.capacityBytes() - this.disk.usedBytes();
    if (free < grownBytes) throw systemError('ENOSPC', `no space for ${path}`);
  }

  open(path: string, mode: OpenMode): Promise<FileHandle> {
    const kind = mode === 'create' ? 'create' : 'open';
    return this.later({ kind, path }, () => {
      const inode = mode === 'create' ? this.#create(path) : this.disk.fileAt(path);
      if (inode === undefined) throw systemError('ENOENT', `open ${path}`);
      const file = new SimulatedFile(this, inode, path, mode !== 'read');
      this.openHandles.add(file);
      return file;
    });
  }

  #create(path: string): SimulatedInode {
    const { directory, name } = this.disk.locate(path);
    if (directory === undefined) throw systemError('ENOENT', `create ${path}`);
    if (directory.entries.has(name)) throw systemError('EEXIST', `create ${path}`);
    const inode = this.disk.createFile();
    const number = this.disk.takeNumber();
    directory.apply({ kind: 'create', number, changes: [[name, inode.id]] });
    return inode;
  }

  rename(from: string, to: string): Promise<void> {
    return this.later({ kind: 'rename', path: to }, () => {
      const source = this.disk.locate(from);
      const { name, directory } = this.disk.locate(to);
      if (this.disk.directory(from) !== undefined) {
        if (dirname(from) !== dirname(to)) throw systemError('EXDEV', `rename ${from}`);
        if (this.disk.directory(to) !== undefined) throw systemError('ENOTEMPTY', `rename ${to}`);
        this.disk.renameDirectory(from, to);
        return;
      }
      const id = source.directory?.entries.get(source.name);
      if (id === undefined || directory === undefined) {
        throw systemError('ENOENT', `rename ${from}`);
      }
      if (source.directory !== directory) throw systemError('EXDEV', `rename ${from}`);
      const number = this.disk.takeNumber();
      const changes = [[source.name, undefined] as const, [name, id] as const];
      directory.apply({ kind: 'rename', number, changes });
    });
  }

  unlink(path: string): Promise<void> {
    return this.later({ kind: 'unlink', path }, () => {
      const { directory, name } = this.disk.locate(path);
      if (directory?.entries.has(name) !== true) throw systemError('ENOENT', `unlink ${path}`);
      const number = this.disk.takeNumber();
      directory.apply({ kind: 'unlink', number, changes: [[name, undefined]] });
    });
  }

  link(existing: string, path: string): Promise<void> {
    return this.later({ kind: 'link', path }, () => {
      const file = this.disk.fileAt(existing);
      const { directory, name } = this.disk.locate(path);
      if (file === undefined || directory === undefined)
        throw systemError('ENOENT', `link ${path}`);
      if (directory.entries.has(name)) throw systemError('EEXIST', `link ${path}`);
      const number = this.disk.takeNumber();
      directory.apply({ kind: 'link', number, changes: [[name, file.id]] });
    });
  }

  list(path: string): Promise<DirectoryEntry[]> {
    return this.later({ kind: 'list', path }, () => {
      const directory = this.disk.directory(path);
      if (directory === undefined) throw systemError('ENOENT', `list ${path}`);
      const files = [...directory.entries.keys()].map((name) => ({ name, isFile: true }));
      const inner = this.disk.directoriesIn(path).map((name) => ({ name, isFile: false }));
      return [...files, ...inner].sort((a, b) => (a.name < b.name ? -1 : 1));
    });
  }

  sizeOf(path: string): Promise<number | undefined> {
    return this.later({ kind: 'stat', path }, () => this.disk.fileAt(path)?.length);
  }

  async syncDirectory(path: string): Promise<void> {
    // Durable is what had been done when the sync was issued.
    const number = this.disk.lastNumber;
    await this.later({ kind: 'syncDirectory', path }, () => {
      const directory = this.disk.directory(path);
      if (directory === undefined) throw systemError('ENOENT', `sync ${path}`);
      directory.syncUpTo(number);
      this.disk.syncDirectoriesIn(path, number);
    });
  }

  makeDirectory(path: string): Promise<void> {
    return this.later({ kind: 'makeDirectory', path }, () => {
      if (this.disk.directory(dirname(path)) === undefined) {
        throw systemError('ENOENT', `mkdir ${path}`);
      }
      if (this.disk.directory(path) !== undefined) throw systemError('EEXIST', `mkdir ${path}`);
      this.disk.takeNumber();
      this.disk.makeDirectory(path);
    });
  }

  removeDirectory(path: string): Promise<void> {
    return this.later({ kind: 'removeDirectory', path }, () => {
      const directory = this.disk.directory(path);
      if (directory === undefined) throw systemError('ENOENT', `rmdir ${path}`);
      if (directory.entries.size > 0) throw systemError('ENOTEMPTY', `rmdir ${path}`);
      if (this.disk.directoriesIn(path).length > 0) throw systemError('ENOTEMPTY', `rmdir ${path}`);
      this.disk.removeDirectory(path);
    });
  }

  kindOf(path: string): Promise<'directory' | 'file' | 'missing'> {
    return this.later({ kind: 'stat', path }, () => {
      if (this.disk.directory(path) !== undefined) return 'directory';
      return this.disk.fileAt(path) === undefined ? 'missing' : 'file';
    });
  }

  freeBytes(path: string): Promise<number> {
    return this.later({ kind: 'stat', path }, () =>
      Math.max(0, this.#parts.capacityBytes() - this.disk.usedBytes()),
    );
  }

  lock(path: string): Promise<LockHandle> {
    return this.later({ kind: 'lock', path }, () => {
      if (this.disk.directory(dirname(path)) === undefined) {
        throw systemError('ENOENT', `lock ${path}`);
      }
      if (this.#locked.has(path)) throw new CaskError('LOCKED', `${path} is locked`);
      if (this.disk.fileAt(path) === undefined) this.#create(path);
      this.#locked.add(path);
      return {
        release: async () => {
          this.#locked.delete(path);
        },
      };
    });
  }

  get isLocked(): boolean {
    return this.#locked.size > 0;
  }
}

/** An open file; it lives on when its name is gone. */
export class SimulatedFile implements FileHandle {
  readonly path: string;
  readonly #fs: SimulatedFileSystem;
  readonly #inode: SimulatedInode;
  readonly #isWritable: boolean;
  #inFlight = 0;
  #closing: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  constructor(fs: SimulatedFileSystem, inode: SimulatedInode, path: string, isWritable: boolean) {
    this.#fs = fs;
    this.#inode = inode;
    this.path = path;
    this.#isWritable = isWritable;
  }

  readSync(buffer: Uint8Array, offset: number, length: number, position: number): number {
    this.#check(false);
    return this.#fs.now(this.#target('read', position, length), (fault) =>
      this.#read(buffer, offset, length, position, fault),
    );
  }

  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return this.#run(false, this.#target('read', position, length), (fault) =>
      this.#read(buffer, offset, length, position, fault),
    );
  }

  writeSync(buffer: Uint8Array, offset: number, length: number, position: number): void {
    this.#check(true);
    this.#fs.now(this.#target('write', position, length), (fault) =>
      this.#write(buffer, offset, length, position, fault),
    );
  }

  write(buffer: Uint8Array, offset: number, length: number, position: number): Promise<void> {
    return this.#run(true, this.#target('write', position, length), (fault) =>
      this.#write(buffer, offset, length, position, fault),
    );
  }

  truncate(length: number): Promise<void> {
    return this.#run(true, this.#target('truncate', length, 0), () => {
      this.#fs.checkSpace(length - this.#inode.length, this.path);
      const number = this.#fs.disk.takeNumber();
      this.#inode.apply({ kind: 'truncate', number, length, isLost: false });
    });
  }

  datasyncSync(): void {
    this.#check(false);
    const number = this.#fs.disk.lastNumber;
    this.#fs.now(this.#target('sync', 0, 0), (fault) => this.#sync(number, fault));
  }

  datasync(): Promise<void> {
    return this.sync();
  }

  sync(): Promise<void> {
    // Durable is what had been written when the sync was issued.
    const number = this.#fs.disk.lastNumber;
    return this.#run(false, this.#target('sync', 0, 0), (fault) => this.#sync(number, fault));
  }

  size(): Promise<number> {
    return this.#run(false, this.#target('stat', 0, 0), () => this.#inode.length);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** What the end of a thread does to the files that it had open. */
  abandon(): void {
    this.#closing ??= Promise.resolve();
    this.#fs.openHandles.delete(this);
  }

  async #close(): Promise<void> {
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    await this.#fs.later({ kind: 'close', path: this.path }, () => {
      this.#fs.openHandles.delete(this);
    });
  }

  #target(kind: OperationKind, offset: number, bytes: number): Target {
    return { kind, path: this.path, offset, bytes, fileBytes: this.#inode.length };
  }

  #check(forWriting: boolean): void {
    const isAllowed = this.#closing === undefined && (this.#isWritable || !forWriting);
    if (!isAllowed) throw systemError('EBADF', `${basename(this.path)} is closed or read-only`);
  }

  async #run<T>(forWriting: boolean, target: Target, effect: Effect<T>): Promise<T> {
    this.#check(forWriting);
    this.#inFlight += 1;
    try {
      return await this.#fs.later(target, effect);
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#idle?.();
    }
  }

  #read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
    fault: FaultKind | undefined,
  ): number {
    const isStale = fault === 'stale-read';
    const bytes = isStale ? this.#inode.durable : this.#inode.bytes;
    const source = bytes.subarray(position, position + length);
    // A page that the disk never wrote, or wrote elsewhere, reads as what was there before.
    if (isStale) buffer.fill(0, offset, offset + length);
    buffer.set(source, offset);
    const count = Math.max(0, Math.min(length, this.#inode.length - position));
    if (fault === 'flipped-read' && count > 0) {
      const at = offset + (count >> 1);
      buffer[at] = (buffer[at] as number) ^ 0x10;
    }
    return count;
  }

  #write(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
    fault: FaultKind | undefined,
  ): void {
    const written = fault === 'short-write' ? length >> 1 : length;
    this.#fs.checkSpace(position + written - this.#inode.length, this.path);
    const number = this.#fs.disk.takeNumber();
    const bytes = Uint8Array.prototype.slice.call(buffer, offset, offset + written);
    this.#inode.apply({ kind: 'write', number, offset: position, bytes, isLost: false });
  }

  #sync(number: number, fault: FaultKind | undefined): void {
    if (fault === 'failed-sync') this.#inode.loseUpTo(number);
    else this.#inode.syncUpTo(number);
  }
}
