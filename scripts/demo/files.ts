/** Real files as entries of a store: the path is the key, the bytes are the value. */

import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** A whole file, or one of the numbered parts of a file above the value limit. */
export interface FilePart {
  readonly key: string;
  readonly path: string;
  readonly offset: number;
  readonly bytes: number;
}

/** Directories in which other programs keep caches: their files change under our hands. */
const CHANGING = /^\.(cache|vite.*)$/;

/**
 * Every file under a directory, in the order of the keys. Symbolic links are left out.
 * @param root the directory; keys are relative to its parent
 */
export async function listParts(root: string, partBytesMax: number): Promise<FilePart[]> {
  const parts: FilePart[] = [];
  const parent = join(root, '..');
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const inside = relative(root, path).split('/');
    if (inside.some((name) => CHANGING.test(name))) continue;
    parts.push(...(await partsOf(path, relative(parent, path), partBytesMax)));
  }
  return parts.sort((one, other) => Buffer.compare(Buffer.from(one.key), Buffer.from(other.key)));
}

async function partsOf(path: string, key: string, partBytesMax: number): Promise<FilePart[]> {
  const size = await withFile(path, async (file) => (await file.stat()).size);
  if (size <= partBytesMax) return [{ key, path, offset: 0, bytes: size }];
  const count = Math.ceil(size / partBytesMax);
  return Array.from({ length: count }, (_, index) => {
    const offset = index * partBytesMax;
    const number = String(index + 1).padStart(4, '0');
    return { key: `${key}#${number}`, path, offset, bytes: Math.min(partBytesMax, size - offset) };
  });
}

/** The bytes of a part, read from the file. */
export async function readPart({ path, offset, bytes }: FilePart): Promise<Buffer> {
  const value = Buffer.allocUnsafe(bytes);
  const read = await withFile(path, (file) => file.read(value, 0, bytes, offset));
  if (read.bytesRead !== bytes) throw new Error(`${path} changed while the demo ran`);
  return value;
}

async function withFile<T>(path: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}
