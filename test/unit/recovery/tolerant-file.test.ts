import { describe, expect, it } from 'vitest';
import type { FileHandle } from '../../../src/storage/disk/file-system.ts';
import { TolerantFile } from '../../../src/storage/recovery/tolerant-file.ts';

const BLOCK = 4096;

/** A disk of which some blocks cannot be read. */
function failingFile(bytes: Buffer, badBlocks: readonly number[], code = 'EIO'): FileHandle {
  const file: Partial<FileHandle> = {
    size: () => Promise.resolve(bytes.length),
    close: () => Promise.resolve(),
    read(buffer, offset, length, position) {
      const end = Math.min(position + length, bytes.length);
      if (badBlocks.some((block) => block * BLOCK < end && (block + 1) * BLOCK > position)) {
        return Promise.reject(Object.assign(new Error(code), { code }));
      }
      const start = Math.min(position, end);
      return Promise.resolve(bytes.copy(buffer, offset, start, end));
    },
  };
  return file as FileHandle;
}

describe('a file on a disk that fails', () => {
  const bytes = Buffer.alloc(10 * BLOCK + 100, 0x41);

  it('reads all but the bad blocks, which are zeros, and names them', async () => {
    const file = new TolerantFile(failingFile(bytes, [2, 3, 7]));
    const buffer = Buffer.alloc(bytes.length, 0x42);
    expect(await file.read(buffer, 0, buffer.length, 0)).toBe(bytes.length);
    const expected = Buffer.from(bytes);
    expected.fill(0, 2 * BLOCK, 4 * BLOCK).fill(0, 7 * BLOCK, 8 * BLOCK);
    expect(buffer.equals(expected)).toBe(true);
    expect(file.unreadable()).toEqual([
      { offset: 2 * BLOCK, bytes: 2 * BLOCK },
      { offset: 7 * BLOCK, bytes: BLOCK },
    ]);
  });

  it('ends where the file ends', async () => {
    const file = new TolerantFile(failingFile(bytes, [10]));
    const buffer = Buffer.alloc(BLOCK);
    expect(await file.read(buffer, 0, BLOCK, 10 * BLOCK + 60)).toBe(40);
    expect(await file.read(buffer, 0, BLOCK, 11 * BLOCK)).toBe(0);
  });

  it('passes every other error on', async () => {
    const file = new TolerantFile(failingFile(bytes, [0], 'EBADF'));
    await expect(file.read(Buffer.alloc(10), 0, 10, 0)).rejects.toMatchObject({ code: 'EBADF' });
  });
});
