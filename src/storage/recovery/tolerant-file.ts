/**
 * A file for reading on a disk that may fail: blocks that cannot be read come back as zeros,
 * which no checksum takes for data, and are noted. Everything behind them stays within reach.
 */

import { assert } from '../../errors/cask-error.ts';
import { type FileHandle, type FileSystem, systemErrorCode } from '../disk/file-system.ts';

/** What a disk fails to read is a multiple of this. */
const BLOCK_BYTES = 4096;

export interface UnreadableStretch {
  readonly offset: number;
  readonly bytes: number;
}

export class TolerantFile implements FileHandle {
  readonly #file: FileHandle;
  readonly #unreadable = new Set<number>();

  constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(fs: FileSystem, path: string): Promise<TolerantFile> {
    return new TolerantFile(await fs.open(path, 'read'));
  }

  /** What could not be read so far, neighbours joined. */
  unreadable(): UnreadableStretch[] {
    const stretches: { offset: number; bytes: number }[] = [];
    for (const offset of [...this.#unreadable].sort((a, b) => a - b)) {
      const last = stretches.at(-1);
      if (last !== undefined && last.offset + last.bytes === offset) last.bytes += BLOCK_BYTES;
      else stretches.push({ offset, bytes: BLOCK_BYTES });
    }
    return stretches;
  }

  async read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<number> {
    try {
      return await this.#file.read(buffer, offset, length, position);
    } catch (error) {
      if (systemErrorCode(error) !== 'EIO') throw error;
      return await this.#readBlocks(buffer, offset, length, position);
    }
  }

  async #readBlocks(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<number> {
    const end = Math.min(position + length, await this.#file.size());
    let at = position;
    while (at < end) {
      const block = at - (at % BLOCK_BYTES);
      const wanted = Math.min(block + BLOCK_BYTES, end) - at;
      const target = offset + at - position;
      try {
        await this.#file.read(buffer, target, wanted, at);
      } catch (error) {
        if (systemErrorCode(error) !== 'EIO') throw error;
        buffer.fill(0, target, target + wanted);
        this.#unreadable.add(block);
      }
      at += wanted;
    }
    return Math.max(0, end - position);
  }

  size(): Promise<number> {
    return this.#file.size();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  readSync(): number {
    return readOnly();
  }

  write(): Promise<void> {
    return readOnly();
  }

  writeSync(): void {
    readOnly();
  }

  truncate(): Promise<void> {
    return readOnly();
  }

  datasync(): Promise<void> {
    return readOnly();
  }

  datasyncSync(): void {
    readOnly();
  }

  sync(): Promise<void> {
    return readOnly();
  }
}

function readOnly(): never {
  assert(false, 'a file under examination is only read');
}
