/**
 * A disk with a page cache, in memory. A file is {durable bytes, pending operations}; a directory
 * is {durable entries, pending operations}. Syncing a file makes its bytes durable and not its
 * entry; syncing a directory makes its entries durable and not the files' bytes. What is read is
 * the volatile state: all operations applied.
 *
 * A `DiskSnapshot` is all that a crash at that moment can depend on; taking one copies no bytes.
 */

import { basename, dirname } from 'node:path';
import { type DirectoryMove, moveDirectory, movesAfterSync } from './directory-moves.ts';

export interface WriteOperation {
  readonly kind: 'write';
  /** Counts all operations of the disk: the order in which they were done. */
  readonly number: number;
  readonly offset: number;
  readonly bytes: Uint8Array;
  /** A failed fsync marked it clean: it reads back, and is never written any more. */
  readonly isLost: boolean;
}

export interface TruncateOperation {
  readonly kind: 'truncate';
  readonly number: number;
  readonly length: number;
  readonly isLost: boolean;
}

export type FileOperation = WriteOperation | TruncateOperation;

/** One atomic change of a directory: names and what they then stand for (undefined: nothing). */
export interface EntryOperation {
  readonly kind: 'create' | 'rename' | 'unlink' | 'link';
  readonly number: number;
  readonly changes: readonly (readonly [name: string, file: number | undefined])[];
}

export interface FileSnapshot {
  readonly id: number;
  readonly durable: Uint8Array;
  readonly pending: readonly FileOperation[];
}

export interface DirectorySnapshot {
  readonly durable: ReadonlyMap<string, number>;
  readonly pending: readonly EntryOperation[];
}

export interface DiskSnapshot {
  readonly files: ReadonlyMap<number, FileSnapshot>;
  /** The directories that exist; their own creation was synced or not. */
  readonly directories: ReadonlyMap<string, DirectorySnapshot>;
  readonly unsyncedDirectories: ReadonlySet<string>;
  /** Renames and removals of directories that are not durable; those above have been moved. */
  readonly moves: readonly DirectoryMove<DirectorySnapshot>[];
  readonly lastNumber: number;
}

const NO_BYTES = new Uint8Array(0);

/** The bytes of a file after some operations, in their order. */
export function applyOperations(
  bytes: Uint8Array,
  operations: readonly FileOperation[],
): Uint8Array {
  if (operations.length === 0) return bytes;
  let length = bytes.length;
  let capacity = length;
  for (const operation of operations) {
    length = lengthAfter(length, operation);
    capacity = Math.max(capacity, length);
  }
  const target = new Uint8Array(capacity);
  target.set(bytes);
  length = bytes.length;
  for (const operation of operations) {
    const next = lengthAfter(length, operation);
    if (operation.kind === 'write') target.set(operation.bytes, operation.offset);
    else if (next < length) target.fill(0, next, length);
    length = next;
  }
  return target.subarray(0, length);
}

function lengthAfter(length: number, operation: FileOperation): number {
  if (operation.kind === 'truncate') return operation.length;
  return Math.max(length, operation.offset + operation.bytes.length);
}

/** A file: what is durable, what is pending, and what reads see. */
export class SimulatedInode {
  readonly id: number;
  durable: Uint8Array;
  pending: FileOperation[];
  /** What reads see, in a buffer that may be longer. */
  #volatile: Uint8Array;
  #length: number;

  constructor(id: number, durable: Uint8Array, pending: readonly FileOperation[]) {
    this.id = id;
    this.durable = durable;
    this.pending = [...pending];
    this.#volatile = applyOperations(durable, pending).slice();
    this.#length = this.#volatile.length;
  }

  get length(): number {
    return this.#length;
  }

  /** What reads see now; not to be kept. */
  get bytes(): Uint8Array {
    return this.#volatile.subarray(0, this.#length);
  }

  apply(operation: FileOperation): void {
    this.pending.push(operation);
    const length = lengthAfter(this.#length, operation);
    if (length > this.#volatile.length) {
      const larger = new Uint8Array(Math.max(length, this.#volatile.length * 2));
      larger.set(this.bytes);
      this.#volatile = larger;
    }
    if (operation.kind === 'write') this.#volatile.set(operation.bytes, operation.offset);
    else if (length < this.#length) this.#volatile.fill(0, length, this.#length);
    this.#length = length;
  }

  /** Makes durable what was done up to the operation of that number. */
  syncUpTo(number: number): void {
    const isCovered = (operation: FileOperation): boolean => operation.number <= number;
    const covered = this.pending.filter((operation) => isCovered(operation) && !operation.isLost);
    if (covered.length === 0) return;
    this.durable = applyOperations(this.durable, covered);
    this.pending = this.pending.filter((operation) => !isCovered(operation) || operation.isLost);
  }

  /** What an fsync that fails does: the pages count as clean and never reach the disk. */
  loseUpTo(number: number): void {
    this.pending = this.pending.map((operation) =>
      operation.number <= number ? { ...operation, isLost: true } : operation,
    );
  }

  /** Bit rot: changes what is durable, and what is read. */
  corrupt(offset: number, mask: number): void {
    const durable = this.durable.slice();
    if (offset < durable.length) durable[offset] = (durable[offset] as number) ^ mask;
    this.durable = durable;
    if (offset < this.#length) {
      this.#volatile[offset] = (this.#volatile[offset] as number) ^ mask;
    }
  }
}

/** A directory: its entries are numbers of files. */
export class SimulatedDirectory {
  durable: ReadonlyMap<string, number>;
  pending: EntryOperation[];
  readonly entries: Map<string, number>;

  constructor(durable: ReadonlyMap<string, number>, pending: readonly EntryOperation[]) {
    this.durable = durable;
    this.pending = [...pending];
    this.entries = applyEntryOperations(durable, pending);
  }

  apply(operation: EntryOperation): void {
    this.pending.push(operation);
    changeEntries(this.entries, operation);
  }

  syncUpTo(number: number): void {
    const covered = this.pending.filter((operation) => operation.number <= number);
    if (covered.length === 0) return;
    this.durable = applyEntryOperations(this.durable, covered);
    this.pending = this.pending.filter((operation) => operation.number > number);
  }
}

function changeEntries(entries: Map<string, number>, operation: EntryOperation): void {
  for (const [name, file] of operation.changes) {
    if (file === undefined) entries.delete(name);
    else entries.set(name, file);
  }
}

export function applyEntryOperations(
  durable: ReadonlyMap<string, number>,
  operations: readonly EntryOperation[],
): Map<string, number> {
  const entries = new Map(durable);
  for (const operation of operations) changeEntries(entries, operation);
  return entries;
}

export const EMPTY_DISK: DiskSnapshot = {
  files: new Map(),
  directories: new Map([['/', { durable: new Map(), pending: [] }]]),
  unsyncedDirectories: new Set(),
  moves: [],
  lastNumber: 0,
};

export class SimulatedDisk {
  readonly #files = new Map<number, SimulatedInode>();
  readonly #directories = new Map<string, SimulatedDirectory>();
  #unsyncedDirectories: Set<string>;
  #moves: readonly DirectoryMove<DirectorySnapshot>[];
  #nextFile = 1;
  #lastNumber: number;

  constructor(from: DiskSnapshot = EMPTY_DISK) {
    for (const { id, durable, pending } of from.files.values()) {
      this.#files.set(id, new SimulatedInode(id, durable, pending));
      this.#nextFile = Math.max(this.#nextFile, id + 1);
    }
    for (const [path, { durable, pending }] of from.directories) {
      this.#directories.set(path, new SimulatedDirectory(durable, pending));
    }
    this.#unsyncedDirectories = new Set(from.unsyncedDirectories);
    this.#moves = from.moves;
    this.#lastNumber = from.lastNumber;
  }

  /** The number of the next operation that changes something. */
  takeNumber(): number {
    this.#lastNumber += 1;
    return this.#lastNumber;
  }

  get lastNumber(): number {
    return this.#lastNumber;
  }

  directory(path: string): SimulatedDirectory | undefined {
    return this.#directories.get(path);
  }

  /** The directory that a path lies in, and its name there. */
  locate(path: string): { readonly directory: SimulatedDirectory | undefined; name: string } {
    return { directory: this.#directories.get(dirname(path)), name: basename(path) };
  }

  fileAt(path: string): SimulatedInode | undefined {
    const { directory, name } = this.locate(path);
    const id = directory?.entries.get(name);
    return id === undefined ? undefined : this.#files.get(id);
  }

  createFile(): SimulatedInode {
    const file = new SimulatedInode(this.#nextFile, NO_BYTES, []);
    this.#nextFile += 1;
    this.#files.set(file.id, file);
    return file;
  }

  makeDirectory(path: string): void {
    this.#directories.set(path, new SimulatedDirectory(new Map(), []));
    this.#unsyncedDirectories.add(path);
  }

  removeDirectory(path: string): void {
    const directory = this.#directories.get(path);
    const number = this.takeNumber();
    this.#directories.delete(path);
    // One that a crash may leave out altogether need not come back.
    if (this.#unsyncedDirectories.delete(path) || directory === undefined) return;
    const { durable, pending } = directory;
    const removed = { durable, pending: pending.slice() };
    this.#moves = [...this.#moves, { number, from: path, to: undefined, removed }];
  }

  renameDirectory(from: string, to: string): void {
    const number = this.takeNumber();
    moveDirectory(this.#directories, from, to);
    const rename = (path: string): string =>
      path === from || path.startsWith(`${from}/`) ? to + path.slice(from.length) : path;
    this.#unsyncedDirectories = new Set([...this.#unsyncedDirectories].map(rename));
    this.#moves = [...this.#moves, { number, from, to, removed: undefined }];
  }

  /** Names of the directories in one. */
  directoriesIn(path: string): string[] {
    const names = [...this.#directories.keys()].filter((made) => dirname(made) === path);
    return names.filter((made) => made !== path).map((made) => basename(made));
  }

  /** Makes the directories in `path` durable as such, and what was done with them. */
  syncDirectoriesIn(path: string, number: number): void {
    this.#moves = movesAfterSync(this.#moves, path, number);
    for (const made of this.#unsyncedDirectories) {
      if (dirname(made) === path) this.#unsyncedDirectories.delete(made);
    }
  }

  /** Bytes of all files that have a name. */
  usedBytes(): number {
    let used = 0;
    for (const directory of this.#directories.values()) {
      for (const id of directory.entries.values()) used += this.#files.get(id)?.length ?? 0;
    }
    return used;
  }

  /** Files that no entry, durable or pending, leads to are left out. */
  snapshot(): DiskSnapshot {
    const files = new Map<number, FileSnapshot>();
    const directories = new Map<string, DirectorySnapshot>();
    const keep = (id: number | undefined): void => this.#keep(files, id);
    for (const [path, { durable, pending }] of this.#directories) {
      directories.set(path, { durable, pending: pending.slice() });
      for (const id of durable.values()) keep(id);
      for (const { changes } of pending) for (const [, id] of changes) keep(id);
    }
    for (const { removed } of this.#moves)
      for (const id of removed?.durable.values() ?? []) keep(id);
    const unsyncedDirectories = new Set(this.#unsyncedDirectories);
    const [moves, lastNumber] = [this.#moves, this.#lastNumber];
    return { files, directories, unsyncedDirectories, moves, lastNumber };
  }

  #keep(files: Map<number, FileSnapshot>, id: number | undefined): void {
    if (id === undefined || files.has(id)) return;
    const file = this.#files.get(id);
    if (file === undefined) return;
    files.set(id, { id, durable: file.durable, pending: file.pending.slice() });
  }
}
