/** A file in memory behind the engine's seam, for reading only; reads may come in pieces. */

import type { FileHandle, FileSystem } from '../../src/storage/disk/file-system.ts';

function refuse(): never {
  throw new Error('the file is for reading only');
}

export class MemoryFile implements FileHandle {
  /** How many bytes were read, to find decoders that read the same again and again. */
  bytesRead = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  readSync(buffer: Uint8Array, offset: number, length: number, position: number): number {
    if (length < 0 || offset < 0 || position < 0 || offset + length > buffer.length) {
      throw new RangeError(`a read of ${length} bytes at ${position} into ${offset}`);
    }
    const part = this.#bytes.subarray(position, position + length);
    buffer.set(part, offset);
    this.bytesRead += part.length;
    return part.length;
  }

  read(buffer: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    return Promise.resolve(this.readSync(buffer, offset, length, position));
  }

  size(): Promise<number> {
    return Promise.resolve(this.#bytes.length);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  writeSync = refuse;
  write = refuse;
  truncate = refuse;
  datasyncSync = refuse;
  datasync = refuse;
  sync = refuse;
}

/** A file system in which every path is that file. */
export function fileSystemOf(file: MemoryFile): FileSystem {
  const open = () => Promise.resolve(file);
  return { open } as unknown as FileSystem;
}
