/** Copies and reads whole files in pieces, with their SHA-256. */

import { CaskError } from '../../errors/cask-error.ts';
import type { FileHandle, FileSystem } from '../disk/file-system.ts';
import { sha256 } from '../format/sha256.ts';

const CHUNK_BYTES = 1 << 20;
/** No more than this is ever dirty: a backlog of dirty pages is what stalls the foreground. */
const DIRTY_BYTES_MAX = 8 << 20;

/** Is told of each piece; a promise slows the work down. */
export type OnBytes = (count: number) => Promise<void> | void;

/** Changes the first bytes of a copy; the digest is that of the source. */
export type Rewrite = (first: Uint8Array) => void;

/**
 * Copies the first `bytes` of a file into a new one, durably but for its directory entry.
 * @returns the SHA-256 of what was read, in hex
 * @throws CaskError IO_ERROR when the source is shorter; system errors as they are
 */
export async function copyFile(
  fs: FileSystem,
  source: string,
  target: string,
  bytes: number,
  onBytes: OnBytes = () => {},
  rewrite: Rewrite = () => {},
): Promise<string> {
  const from = await fs.open(source, 'read');
  try {
    const to = await fs.open(target, 'create');
    try {
      let dirty = 0;
      const digest = await eachPiece(from, source, bytes, async (piece, offset) => {
        if (offset === 0) rewrite(piece);
        await to.write(piece, 0, piece.length, offset);
        dirty += piece.length;
        if (dirty >= DIRTY_BYTES_MAX) {
          await to.datasync();
          dirty = 0;
        }
        await onBytes(piece.length);
      });
      await to.sync();
      return digest;
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

/** The SHA-256 of the first `bytes` of a file, in hex. @throws as `copyFile` does */
export async function digestFile(
  fs: FileSystem,
  path: string,
  bytes: number,
  onBytes: OnBytes = () => {},
): Promise<string> {
  const file = await fs.open(path, 'read');
  try {
    return await eachPiece(file, path, bytes, async (piece) => {
      await onBytes(piece.length);
    });
  } finally {
    await file.close();
  }
}

/** Hands over the file piece by piece, each after it went into the digest. */
async function eachPiece(
  file: FileHandle,
  path: string,
  bytes: number,
  take: (piece: Uint8Array, offset: number) => Promise<void>,
): Promise<string> {
  const digest = sha256();
  const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, Math.max(1, bytes)));
  for (let offset = 0; offset < bytes; ) {
    const wanted = Math.min(buffer.length, bytes - offset);
    const count = await file.read(buffer, 0, wanted, offset);
    if (count === 0) {
      throw new CaskError('IO_ERROR', `${path} ends at ${offset} of ${bytes} bytes`);
    }
    const piece = buffer.subarray(0, count);
    digest.update(piece);
    await take(piece, offset);
    offset += count;
  }
  return digest.digest('hex');
}
